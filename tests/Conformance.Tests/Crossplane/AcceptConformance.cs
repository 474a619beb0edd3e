using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Offline;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>Published configurations are accepted unchanged: every definition, every composition, and each composition renders each claim and composite of its kind.</summary>
public sealed class AcceptConformance
{
    private const string Folder = "crossplane/accept";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Published_configurations_are_accepted_and_render()
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        var cases = new List<Case>();
        foreach (var project in Directory.GetDirectories(Path.Combine(Corpus.Root!, Folder)).Order(StringComparer.Ordinal))
        {
            cases.AddRange(await JudgeAsync(project));
        }

        Corpus.Report(Folder, cases);
    }

    private static async Task<List<Case>> JudgeAsync(string project)
    {
        var all = Manifests.Files(project).SelectMany(f => Manifests.Documents(f).Select((d, i) => new Manifest($"{Relative(f)}#{i}", d))).ToList();
        var (cases, offered, compositions) = (new List<Case>(), new List<(Manifest Definition, KindDefinition Kind)>(), new List<Manifest>());
        cases.AddRange(Manifests.Files(project).Select(f => (File: f, Problem: Manifests.Problem(f))).Where(f => f.Problem is not null)
            .Select(f => Case.Of(Relative(f.File), false, f.Problem!)));
        foreach (var definition in all.Where(m => Is(m, CompositionKinds.Definition)))
        {
            var problem = Check(() => RenderFiles.Checked(definition.Document, CompositionKinds.Definition, definition.Name));
            cases.Add(Case.Of(definition.Name, problem is null, problem ?? ""));
            offered.AddRange((problem is null ? OfferedKinds.Read(definition.Document) : []).Select(k => (definition, k)));
        }

        foreach (var composition in all.Where(m => Is(m, CompositionKinds.Composition)))
        {
            var problem = Check(() => RenderFiles.Checked(composition.Document, CompositionKinds.Composition, composition.Name)) ?? Input(composition.Document)?.ToString();
            cases.Add(Case.Of(composition.Name, problem is null, problem ?? ""));
            if (problem is null)
            {
                compositions.Add(composition);
            }
        }

        foreach (var manifest in all)
        {
            foreach (var (definition, kind) in offered.Where(o => Serves(o.Kind, manifest.Document)))
            {
                var composite = OfferedKinds.Read(definition.Document)[0];
                foreach (var composition in compositions.Where(c => Makes(c.Document, composite, manifest.Document)))
                {
                    // A composition that the manifest does not select is tried all the same: it is of its kind.
                    var input = new RenderInput(Unselecting(manifest.Document), (JsonObject)composition.Document.DeepClone())
                    {
                        Definition = definition.Document, Required = [.. all.Select(m => m.Document)],
                    };
                    cases.Add(await RenderAsync($"{manifest.Name} of {definition.Name} by {composition.Name}", input));
                }
            }
        }

        return cases;
    }

    private static async Task<Case> RenderAsync(string name, RenderInput input)
    {
        if (Manifests.MissingFunctions(input.Composition) is { Count: > 0 } missing)
        {
            return new Case(name, Verdict.Absent, $"needs {string.Join(", ", missing)}");
        }

        try
        {
            var result = await OfflineRendering.RunAsync(input, TimeProvider.System, Ct);
            var printed = RenderedDocuments.Print(RenderedDocuments.Of(result, new RenderArguments("", "")));
            return Case.Of(name, printed.Length > 0 && result.Composed.All(c => c.NameOf().Length > 0), "a composed resource has no name");
        }
        catch (Exception e) when (e is FatalResultException or RenderRefusedException or InvalidOperationException)
        {
            return Case.Of(name, false, e.Message);
        }
    }

    private static JsonObject Unselecting(JsonObject document)
    {
        var copy = (JsonObject)document.DeepClone();
        (copy["spec"] as JsonObject)?.Remove("compositionSelector");
        (copy.At("spec", "crossplane") as JsonObject)?.Remove("compositionSelector");
        return copy;
    }

    private static FieldProblem? Input(JsonObject composition)
    {
        var spec = composition["spec"]!.AsObject();
        return CompositionMode.Of(spec) == CompositionMode.Resources
            ? InputValidation.Check(ResourcesMode.ToFunctionInput(spec))
            : spec["pipeline"]!.AsArray().Where(s => ReferenceEquals(BuiltInFunctions.Find(s.At("functionRef").Text("name")), BuiltInFunctions.PatchAndTransform))
                .Select(s => InputValidation.Check(s!["input"] as JsonObject ?? [])).FirstOrDefault(p => p is not null);
    }

    private static string? Check(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (RenderRefusedException refused)
        {
            return refused.Message;
        }
    }

    private static bool Is(Manifest manifest, KindDefinition kind) =>
        manifest.Document.Text("kind") == kind.Kind && manifest.Document.Text("apiVersion").StartsWith($"{kind.Id.Group}/", StringComparison.Ordinal);

    private static bool Serves(KindDefinition kind, JsonObject document) =>
        document.Text("kind") == kind.Kind && kind.Versions.Any(v => kind.ApiVersionOf(v) == document.Text("apiVersion"));

    private static bool Makes(JsonObject composition, KindDefinition composite, JsonObject document) =>
        composition.At("spec", "compositeTypeRef") is var type && type.Text("kind") == composite.Kind && type.Text("apiVersion") == document.Text("apiVersion");

    private static string Relative(string file) => Path.GetRelativePath(Path.Combine(Corpus.Root!, Folder), file);

    private sealed record Manifest(string Name, JsonObject Document);
}
