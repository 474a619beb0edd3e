using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.Tests;

/// <summary>What the tests of a composition say of one of its revisions. Nothing is stored but each test's own outcome.</summary>
internal sealed class CompositionTests(CompositionTestRuns runs, ResourceGateway gateway, TimeProvider clock)
{
    public const string Controller = "composition-test";

    /// <summary>The condition of a test that says how it went last.</summary>
    public const string Passed = "Passed";

    /// <summary>The revision's condition <c>Tested</c>.</summary>
    /// <param name="keeps">Whether each test keeps how it went; a plan keeps nothing.</param>
    public async Task<Condition> RunAsync(string composition, JsonObject revision, bool keeps, CancellationToken ct)
    {
        var (count, failures) = (0, new List<string>());
        await foreach (var run in runs.RunAsync(composition, revision, ct))
        {
            count++;
            if (run.Differences.Count > 0)
            {
                failures.Add(run.Failure);
            }

            if (!keeps)
            {
                continue;
            }

            await gateway.SetStatusAsync(Controller, CompositionTestKind.Test, CompositionTestKind.Test.Key("", run.Test), document => document.SetCondition(
                run.Differences.Count == 0 ? Condition.True(Passed, "AsExpected", $"On revision {revision.NameOf()}")
                    : Condition.False(Passed, "Differs", $"On revision {revision.NameOf()}: {string.Join("; ", run.Differences)}"), clock.GetUtcNow()), ct);
        }

        return failures.Count > 0 ? Condition.False(Revisions.RevisionKinds.Tested, "TestsFailed", string.Join("; ", failures))
            : count == 0 ? Condition.Unknown(Revisions.RevisionKinds.Tested, "NoTests", "No CompositionTest names this composition")
            : Condition.True(Revisions.RevisionKinds.Tested, "TestsPassed", $"{count} of {count} tests");
    }
}
