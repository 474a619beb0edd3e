using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions.GoTemplating.Engine;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>Crossplane's function-go-templating: a Go template over the request renders the desired resources.</summary>
internal static class GoTemplatingFunction
{
    // Upstream's name for all templates of an input, which stands in its errors.
    private const string TemplateName = "manifests";

    /// <exception cref="FatalResultException">The result is fatal; the rendering is as it was.</exception>
    public static void Run(JsonObject input, Rendering rendering, TimeProvider clock, GoTemplatingDefaults? defaults = null, CancellationToken ct = default)
    {
        defaults ??= GoTemplatingDefaults.None;
        var timeToLive = TemplateInput.TimeToLiveOf(input, rendering.Composite);
        var text = TemplateInput.TemplateOf(input, rendering.Context, defaults);
        var missingKey = TemplateInput.MissingKeyOf(input, defaults);
        var template = Parse(text, TemplateInput.DelimitersOf(input));
        var answer = new Answer();
        foreach (var manifest in Manifests.Read(Execute(template, missingKey, input, rendering, clock, ct), ct))
        {
            Take(manifest, rendering, answer);
        }

        answer.ApplyTo(rendering);
        rendering.TimeToLive = timeToLive;
    }

    /// <exception cref="FatalResultException">It is no template.</exception>
    public static Template Parse(string text, Delimiters delimiters)
    {
        try
        {
            return Template.Parse(TemplateName, text, delimiters, CrossplaneFunctions.All);
        }
        catch (TemplateException failure)
        {
            throw new FatalResultException($"invalid function input: cannot parse the provided templates: {failure.Message}");
        }
    }

    private static string Execute(Template template, MissingKey missingKey, JsonObject input, Rendering rendering, TimeProvider clock, CancellationToken ct)
    {
        var uid = rendering.Composite.UidOf();
        var execution = new Execution(new Budget(ct), clock, uid.Length > 0 ? uid : rendering.Composite.NameOf());
        try
        {
            return template.Execute(RequestData.Of(input, rendering), missingKey, execution);
        }
        catch (TemplateException failure)
        {
            throw new FatalResultException($"cannot execute template: {failure.Message}");
        }
    }

    private static void Take(JsonObject manifest, Rendering rendering, Answer answer)
    {
        var name = manifest.At("metadata", "annotations") is JsonObject annotations && annotations.ContainsKey(Annotations.ResourceName)
            ? Annotations.Take(manifest, Annotations.ResourceName)
            : null;
        if (name is null && manifest.Text("apiVersion") == rendering.Composite.Text("apiVersion") && manifest.Text("kind") == rendering.Composite.Text("kind"))
        {
            TakeComposite(manifest, rendering, answer);
            return;
        }

        if (manifest.Text("apiVersion") == MetaManifests.ApiVersion)
        {
            MetaManifests.Read(manifest, rendering, answer);
            return;
        }

        var (_, ready) = Annotations.TakeReady(manifest);
        if (name is null)
        {
            throw new FatalResultException($"\"{manifest.Text("kind")}\" template is missing required \"{Annotations.ResourceName}\" annotation");
        }

        answer.Resources[name] = new DesiredResource((JsonObject)Numbers.Settle(manifest)!) { Ready = ready };
    }

    /// <summary>Of the composite only status and readiness count; its status is merged into what earlier functions made.</summary>
    private static void TakeComposite(JsonObject manifest, Rendering rendering, Answer answer)
    {
        if (Annotations.TakeReady(manifest) is { Said: true } said)
        {
            answer.CompositeReady = said;
        }

        if (manifest["status"] is JsonObject status)
        {
            var before = answer.Status ?? rendering.DesiredComposite["status"] as JsonObject ?? [];
            answer.Status = (JsonObject)Numbers.Settle(Merging.Merge(before, status, "ForceMergeObjects"))!;
        }
    }
}
