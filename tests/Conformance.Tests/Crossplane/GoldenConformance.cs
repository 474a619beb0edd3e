using System.Text.Json.Nodes;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning;
using Flagstone.Provisioning.Compositions.Offline;
using Flagstone.Provisioning.Compositions.PatchAndTransform;

namespace Flagstone.Conformance.Tests.Crossplane;

/// <summary>What the real <c>crossplane render</c> printed for compositions of others is what is printed here, whole: the composite and all that it is made of.</summary>
public sealed class GoldenConformance
{
    private const string Folder = "crossplane/golden";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whole_outputs_of_crossplane_render_are_reproduced()
    {
        if (!Corpus.IsHere(Folder))
        {
            return;
        }

        var cases = new List<Case>();
        foreach (var golden in Goldens())
        {
            cases.Add(await JudgeAsync(golden));
        }

        cases.AddRange(Manifests.Files(Path.Combine(Corpus.Root!, Folder)).Where(f => f.EndsWith("_xprin.yaml", StringComparison.Ordinal))
            .Select(f => new Case(NameOf(f), Verdict.Absent, "assertions of xprin's own, which nothing here runs")));
        Corpus.Report(Folder, cases);
    }

    /// <summary>The outputs, each with what it was made of: by each project's own layout.</summary>
    private static IEnumerable<Golden> Goldens()
    {
        var root = Path.Combine(Corpus.Root!, Folder);
        foreach (var file in Manifests.Files(root))
        {
            var (folder, name) = (Path.GetDirectoryName(file)!, Path.GetFileName(file));
            var above = Path.GetDirectoryName(folder)!;
            if (Path.GetFileName(folder) == "golden")
            {
                yield return new Golden(file, new RenderArguments(Path.Combine(above, "examples", name), Path.Combine(above, "apis", "composition.yaml"))
                {
                    Functions = Path.Combine(above, "examples", "functions.yaml"), Definition = Path.Combine(above, "apis", "definition.yaml"),
                });
            }
            else if (Path.GetFileName(folder) == "output")
            {
                yield return new Golden(file, new RenderArguments(Path.Combine(above, "xr.yaml"), Path.Combine(above, "composition.yaml"))
                {
                    Functions = Path.Combine(above, "functions.yaml"), IncludesResults = name.Contains("results", StringComparison.Ordinal),
                    IncludesFullComposite = name.Contains("full-xr", StringComparison.Ordinal),
                });
            }
            else if (Path.GetFileName(folder) == "expected")
            {
                var project = Path.GetDirectoryName(above)!;
                yield return new Golden(file, new RenderArguments(
                    Path.Combine(Path.GetDirectoryName(project)!, "examples", "base", name), Path.Combine(project, "composition.yaml")));
            }
        }
    }

    private static async Task<Case> JudgeAsync(Golden golden)
    {
        var name = NameOf(golden.File);
        if (Manifests.MissingFunctions(Manifests.Documents(golden.Arguments.Composition).First()) is { Count: > 0 } missing)
        {
            return new Case(name, Verdict.Absent, $"needs {string.Join(", ", missing)}");
        }

        var outcome = await ProvisioningModule.RenderAsync(golden.Arguments, Ct);
        if (outcome is not Rendered rendered)
        {
            return Case.Of(name, false, ((RenderRefused)outcome).Why);
        }

        Assert.True(YamlReader.TryReadManifests(rendered.Yaml, null, out var printed, out var error), error?.ToString());
        var got = Normal(printed.Select(d => d.Mapping));
        var want = Normal(Manifests.Documents(golden.File));
        return Case.Of(name, got == want, FirstDifference(want, got));
    }

    private static string Normal(IEnumerable<JsonObject> documents) => RenderedDocuments.Print(documents.Select(d => (JsonObject)Numbers.Settle(d)!));

    private static string FirstDifference(string want, string got)
    {
        var (wanted, there) = (want.Split('\n'), got.Split('\n'));
        var line = Enumerable.Range(0, Math.Min(wanted.Length, there.Length)).FirstOrDefault(i => wanted[i] != there[i], Math.Min(wanted.Length, there.Length));
        return $"line {line + 1}: want '{wanted.ElementAtOrDefault(line)}' got '{there.ElementAtOrDefault(line)}'";
    }

    private static string NameOf(string file) => Path.GetRelativePath(Path.Combine(Corpus.Root!, Folder), file);

    private sealed record Golden(string File, RenderArguments Arguments);
}
