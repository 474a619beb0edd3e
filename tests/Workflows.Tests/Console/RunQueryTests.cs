using Flagstone.Workflows.Console;
using Flagstone.Workflows.Visibility.Queries;

namespace Flagstone.Workflows.Tests.Console;

/// <summary>What the list of workflows asks for, and its address.</summary>
public sealed class RunQueryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 15, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Filters_narrow_the_query_that_is_written_and_do_not_change_its_meaning()
    {
        var query = new RunQuery("default", "Failed", "It's", "order-", "WorkflowType = 'A' OR WorkflowType = 'B'");

        Assert.Equal(
            "(WorkflowType = 'A' OR WorkflowType = 'B') AND ExecutionStatus = 'Failed' AND WorkflowType = 'It''s' AND WorkflowId STARTS_WITH 'order-'",
            query.Where()!.ToString());
        Assert.DoesNotContain("ExecutionStatus", query.Where(anyStatus: true)!.ToString(), StringComparison.Ordinal);
        Assert.Null(new RunQuery("default").Where());
    }

    [Fact]
    public void A_run_id_finds_its_run_and_a_workflow_of_that_id()
    {
        const string Id = "0193a1c0-0000-7000-8000-000000000001";
        Assert.Equal($"RunId = '{Id}' OR WorkflowId = '{Id}'", new RunQuery("default", Id: Id).Where()!.ToString());
    }

    [Fact]
    public void Every_view_is_a_query_that_can_be_answered()
    {
        var own = new Dictionary<string, Temporalio.Api.Enums.V1.IndexedValueType>();
        foreach (var (_, text) in RunQuery.Views(Now))
        {
            Assert.NotEmpty(QueryCompiler.Compile("ns", new RunQuery("default", Query: text).Where(), own).Where);
        }

        Assert.Contains(("Failed today", "ExecutionStatus IN ('Failed', 'TimedOut') AND CloseTime >= '2026-11-27T00:00:00Z'"), RunQuery.Views(Now));
    }

    [Fact]
    public void What_is_wrong_with_a_query_says_where()
    {
        var error = Assert.Throws<QueryException>(() => new RunQuery("default", Query: "WorkflowType LIKE 'a'").Where());
        Assert.Equal(14, error.At);
        Assert.Throws<QueryException>(() => new RunQuery("default", Query: "GROUP BY ExecutionStatus").Where());
    }

    [Fact]
    public void An_address_has_what_is_asked_for_and_nothing_else()
    {
        Assert.Equal("/workflows?namespace=default", new RunQuery("default").ToHref());
        Assert.Equal("/workflows?namespace=a%2Fb&query=TaskQueue%20%3D%20%27it%27%27s%27&after=00ff", RunQuery.OfQueue("a/b", "it's").ToHref("00ff"));
    }
}
