using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Scaffolder.Skeletons;
using Flagstone.Catalog.Templating.Evaluation;
using Flagstone.Catalog.Templating.Syntax;

namespace Flagstone.Catalog.Scaffolder.Actions;

/// <summary>Renders a skeleton of the template into the workspace (Backstage, <c>fetch:template</c>).</summary>
internal sealed class FetchTemplateAction : IScaffolderAction
{
    public string Name => "fetch:template";

    public async Task<ActionOutcome> RunAsync(ActionContext context, CancellationToken ct)
    {
        var input = new ActionInput(Name, context.Input);
        var url = input.Folder("url");
        var target = input.Folder("targetPath", "./");
        var values = input.Object("values");
        var replace = input.Flag("replace");
        var options = Options(input);
        if (input.Refusal is { } refusal)
        {
            return refusal;
        }

        var source = await context.Skeletons.ReadAsync(url, ct);
        var rendered = source is FilesRead skeleton ? Render(skeleton, values, options, context, ct) : source;
        if (rendered is not FilesRead read)
        {
            return Refuse(((FilesRefused)rendered).Refusal);
        }

        return context.Workspace.TryAdd(target, read.Files, replace, out var unfit) ? new ActionDone([]) : Refuse(unfit);
    }

    private ActionRefused Refuse(FileRefusal refusal) => new($"Action '{Name}': {refusal.Message}");

    private static FileReading Render(
        FilesRead skeleton, JsonObject values, SkeletonOptions options, ActionContext context, CancellationToken ct)
    {
        var variables = new TemplateContext(new JsonObject { ["values"] = values.DeepClone() }, context.Run.Seed);
        return new SkeletonRenderer(options, variables, context.Workspace.Limits).Render(skeleton.Files, ct);
    }

    private static SkeletonOptions Options(ActionInput input)
    {
        var copied = input.Texts("copyWithoutTemplating");
        var extension = input.Text("templateFileExtension", "");
        if (copied.Count > 0 && extension.Length > 0)
        {
            input.Refuse("'copyWithoutTemplating' and 'templateFileExtension' exclude each other");
        }

        return new SkeletonOptions
        {
            CopyWithoutTemplating = copied,
            TemplateFileExtension = extension.Length == 0 ? null : extension,
            Syntax = new TemplateSyntax { TrimBlocks = input.Flag("trimBlocks"), LstripBlocks = input.Flag("lstripBlocks") },
        };
    }
}
