using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.Tests;

/// <summary>Runs the tests of a composition on one of its revisions. Nothing is stored but each test's own outcome.</summary>
internal sealed class CompositionTests(ResourceStore store, ResourceGateway gateway, KindRegistry kinds, FunctionDirectory functions, TimeProvider clock)
{
    public const string Controller = "composition-test";

    /// <summary>The condition of a test that says how it went last.</summary>
    public const string Passed = "Passed";

    private const int PageSize = 200;

    /// <summary>The revision's condition <c>Tested</c>.</summary>
    /// <param name="keeps">Whether each test keeps how it went; a plan keeps nothing.</param>
    public async Task<Condition> RunAsync(string composition, JsonObject revision, bool keeps, CancellationToken ct)
    {
        var tests = await OfAsync(composition, ct);
        var failures = new List<string>();
        foreach (var test in tests)
        {
            var differences = await RunOneAsync(test, revision, ct);
            if (differences.Count > 0)
            {
                failures.Add($"{test.NameOf()}: {differences[0]}{(differences.Count > 1 ? $" and {differences.Count - 1} more" : "")}");
            }

            if (!keeps)
            {
                continue;
            }

            await gateway.SetStatusAsync(Controller, CompositionTestKind.Test, CompositionTestKind.Test.Key("", test.NameOf()), document => document.SetCondition(
                differences.Count == 0 ? Condition.True(Passed, "AsExpected", $"On revision {revision.NameOf()}")
                    : Condition.False(Passed, "Differs", $"On revision {revision.NameOf()}: {string.Join("; ", differences)}"), clock.GetUtcNow()), ct);
        }

        return failures.Count > 0 ? Condition.False(Revisions.RevisionKinds.Tested, "TestsFailed", string.Join("; ", failures))
            : tests.Count == 0 ? Condition.Unknown(Revisions.RevisionKinds.Tested, "NoTests", "No CompositionTest names this composition")
            : Condition.True(Revisions.RevisionKinds.Tested, "TestsPassed", $"{tests.Count} of {tests.Count} tests");
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
