using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Tests.Executions;
using Flagstone.Workflows.Visibility;
using Google.Protobuf;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>Which steps write what lists show, and how values compare.</summary>
public sealed class VisibilityRowsTests
{
    [Fact]
    public void Only_steps_that_change_what_lists_show_write_it()
    {
        var steps = new Steps();
        Assert.Empty(Written(steps, () => steps.StartTask()));
        Assert.Empty(Written(steps, () => steps.Signal("any")));
        Assert.Equal(["workflow_visibility", "workflow_attribute", "workflow_attribute"], Written(steps, () => steps.Complete(Upsert("Team", "\"red\""))));
        // The row is told of the end, and its attributes of the time.
        Assert.Equal(["workflow_visibility", "workflow_attribute"], Written(steps, () => steps.Do(c => Closing.Terminate(c, "", null, ""))));
    }

    [Fact]
    public void Stored_numbers_and_times_compare_as_they_do_themselves()
    {
        Ordered([long.MinValue, -10, -1, 0, 1, 9, 10, long.MaxValue], AttributeValues.Of);
        Ordered([double.MinValue, -2.5, -1, -double.Epsilon, 0, double.Epsilon, 1, 1e300], AttributeValues.Of);
        Ordered([false, true], AttributeValues.Of);
        Assert.Equal(AttributeValues.Of(0.0), AttributeValues.Of(-0.0));
        Assert.True(AttributeValues.TryTime(AttributeValues.Trimmed("2026-01-31T08:00:00.123456789+01:00"), out var time));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 7, 0, 0, TimeSpan.Zero).AddTicks(1_234_567), time.ToUniversalTime());
    }

    [Theory]
    [InlineData(IndexedValueType.Int, "3", true)]
    [InlineData(IndexedValueType.Int, "[3]", true)]
    [InlineData(IndexedValueType.Int, "3.5", false)]
    [InlineData(IndexedValueType.Int, "\"3\"", false)]
    [InlineData(IndexedValueType.Keyword, "[\"a\",\"b\"]", false)]
    [InlineData(IndexedValueType.Keyword, "\"\\u0000\"", false)]
    [InlineData(IndexedValueType.Keyword, "\"\\ud800\"", false)]
    [InlineData(IndexedValueType.KeywordList, "[\"a\",\"b\"]", true)]
    [InlineData(IndexedValueType.KeywordList, "[1]", false)]
    [InlineData(IndexedValueType.Datetime, "\"2026-01-31T08:00:00Z\"", true)]
    [InlineData(IndexedValueType.Datetime, "\"31.1.2026\"", false)]
    [InlineData(IndexedValueType.Bool, "null", true)]
    [InlineData(IndexedValueType.Double, "not json", false)]
    public void A_value_is_of_its_type_or_refused(IndexedValueType type, string json, bool isOfType) =>
        Assert.Equal(isOfType, AttributeValues.Refuse(new SearchAttributes { IndexedFields = { ["a"] = Payload(type, json) } }.IndexedFields) is null);

    private static Command Upsert(string name, string json) => new()
    {
        CommandType = CommandType.UpsertWorkflowSearchAttributes,
        UpsertWorkflowSearchAttributesCommandAttributes = new() { SearchAttributes = new SearchAttributes { IndexedFields = { [name] = Payload(IndexedValueType.Keyword, json) } } },
    };

    private static Payload Payload(IndexedValueType type, string json) => new()
    {
        Metadata = { ["type"] = ByteString.CopyFromUtf8(type.ToString()), ["encoding"] = ByteString.CopyFromUtf8("json/plain") }, Data = ByteString.CopyFromUtf8(json),
    };

    private static List<string> Written(Steps steps, Action step)
    {
        step();
        return [.. VisibilityRows.Of(steps.Last).Select(s => s.Text.Split(' ', '\n').First(w => w.StartsWith("workflow_", StringComparison.Ordinal)))];
    }

    private static void Ordered<T>(T[] values, Func<T, string> of) => Assert.Equal(values.Select(of), values.Select(of).Distinct().Order(StringComparer.Ordinal));
}
