using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.Tests;

/// <summary>How a test went.</summary>
/// <param name="Differences">What is not as it expects; empty when it passes.</param>
internal sealed record CompositionTestRun(string Test, IReadOnlyList<string> Differences)
{
    /// <summary>The first difference, and how many more there are; empty when it passes.</summary>
    public string Failure => Differences.Count == 0 ? "" : $"{Test}: {Differences[0]}{(Differences.Count > 1 ? $" and {Differences.Count - 1} more" : "")}";
}

/// <summary>Runs the tests of a composition, one after the other. Nothing is stored.</summary>
internal sealed class CompositionTestRuns(ResourceStore store, KindRegistry kinds, FunctionDirectory functions)
{
    private const int PageSize = 200;

    public async IAsyncEnumerable<CompositionTestRun> RunAsync(
        string composition, JsonObject revision, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var test in await OfAsync(composition, ct))
        {
            yield return new CompositionTestRun(test.NameOf(), await RunOneAsync(test, revision, ct));
        }
    }

    /// <summary>All of them, however many tests the other compositions have: one that is not run would pass.</summary>
    private async Task<IReadOnlyList<JsonObject>> OfAsync(string composition, CancellationToken ct)
    {
        var tests = new List<JsonObject>();
        (string, string)? after = null;
        ListPage page;
        do
        {
            page = await store.ListAsync(new ListQuery(CompositionTestKind.TestId, Limit: PageSize, After: after), ct);
            tests.AddRange(page.Items.Select(i => i.ToDocument()).Where(t => t.At("spec", "compositionRef").Text("name") == composition && !t.IsDeleting()));
            after = page.Items is [.., var last] ? (last.Key.Namespace, last.Key.Name) : null;
        }
        while (page.More);
        return tests;
    }

    private async Task<IReadOnlyList<string>> RunOneAsync(JsonObject test, JsonObject revision, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var spec = test["spec"]!.AsObject();
        if (TestSubject.Start(kinds, spec, revision) is not { } rendering)
        {
            return [$"kind {revision.At("spec", "compositeTypeRef").Text("kind")}, or its claim's kind, is not served"];
        }

        string? error = null;
        try
        {
            await new CompositionPipeline(functions, TestSubject.Given(spec)).RunAsync(revision, rendering, ct);
        }
        catch (FatalResultException failure)
        {
            error = failure.Message;
        }

        return CompositionTestRules.Judge(spec["expect"]!.AsObject(), rendering, error);
    }
}
