namespace Flagstone.Workflows.Tests.TypeScript;

/// <summary>Workflows of Temporal's TypeScript SDK. Each history is replayed by it too.</summary>
public sealed class TypeScriptTests(TypeScriptWorker worker) : IClassFixture<TypeScriptWorker>
{
    [Theory]
    [InlineData("hello", """
        "Hello, Ada!"
        """)]
    [InlineData("persistent", "3")]
    [InlineData("listening", """
        [["one","two"],[2,5],"negative","one,two 5"]
        """)]
    [InlineData("timed", """
        "timer local"
        """)]
    [InlineData("cancellable", """
        "Hello, cleaned up!"
        """)]
    [InlineData("countdown", """
        "zero"
        """)]
    [InlineData("approved", """
        "approve: it works"
        """)]
    [InlineData("patched", "true")]
    [InlineData("terminated", """
        "enough"
        """)]
    public void A_workflow_in_TypeScript_runs(string scenario, string result) => Assert.Equal(result, worker.ResultOf(scenario));
}
