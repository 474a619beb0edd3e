using Flagstone.Workflows.Visibility.Queries;
using Temporalio.Api.Enums.V1;

namespace Flagstone.Workflows.Tests.Visibility;

/// <summary>The language of queries: what is read, and how what cannot be read is refused.</summary>
public sealed class QueryParserTests
{
    [Fact]
    public void A_printed_query_reads_as_itself()
    {
        var queries = new RandomQueries(new Random(20_260_101));
        for (var i = 0; i < 5_000; i++)
        {
            var query = queries.Next(i % 5);
            var printed = query.ToString();
            var read = QueryParser.Parse(printed).Where!;

            Assert.Equal(printed, read.ToString());
            Assert.Equal(Shape(query), Shape(read));
        }
    }

    [Theory]
    [InlineData("a = 1 AND b = 2 OR c = 3", "a = 1 AND b = 2 OR c = 3")]
    [InlineData("a = 1 and (b = 2 or c = 3)", "a = 1 AND (b = 2 OR c = 3)")]
    [InlineData("not a = 1 and b <> -2.5e3", "NOT a = 1 AND b != -2.5e3")]
    [InlineData("a in ('x', \"y\") AND b NOT IN (1)", "a IN ('x', 'y') AND b NOT IN (1)")]
    [InlineData("`a b` between 'x' and 'y' OR c not between 1 and 2", "`a b` BETWEEN 'x' AND 'y' OR c NOT BETWEEN 1 AND 2")]
    [InlineData("a IS NULL AND b is not null", "a IS NULL AND b IS NOT NULL")]
    [InlineData("a STARTS_WITH 'it''s' AND b NOT STARTS_WITH 'C:\\dir' AND c = 'a\\'b'", "a STARTS_WITH 'it''s' AND b NOT STARTS_WITH 'C:\\\\dir' AND c = 'a''b'")]
    [InlineData("a = TRUE GROUP BY ExecutionStatus", "a = true GROUP BY ExecutionStatus")]
    [InlineData(" GROUP BY ExecutionStatus ", "GROUP BY ExecutionStatus")]
    [InlineData("", "")]
    public void A_query_reads_as_SQL_does(string query, string read) => Assert.Equal(read, QueryParser.Parse(query).ToString());

    [Theory]
    [InlineData("a = 1 ORDER BY a", "Invalid query at position 7: ORDER BY is not supported: runs are listed by close time, then by start time, the latest first. Leave it out.")]
    [InlineData("a = 1 LIMIT 3", "Invalid query at position 7: LIMIT is not supported. Set the page size of the request.")]
    [InlineData("a LIKE 'x%'", "Invalid query at position 3: LIKE is not supported. Use STARTS_WITH for the beginning of a Keyword, or = for a word of a Text.")]
    [InlineData("a = b", "Invalid query at position 5: 'b' is no value. Write texts and times in single quotes; numbers, true and false without.")]
    [InlineData("a = 'x", "Invalid query at position 5: the text does not end. Close it with ', and write a quote within it twice.")]
    [InlineData("(a = 1", "Invalid query at position 7: ')' is expected here, not the end.")]
    [InlineData("a = 1 b = 2", "Invalid query at position 7: 'b' is not expected here. Join conditions with AND or OR.")]
    [InlineData("a = 1; DROP TABLE x", "Invalid query at position 6: ';' means nothing in a query. Put texts into single quotes, and names with such characters into back quotes.")]
    [InlineData("a = 12:30", "Invalid query at position 7: ':' means nothing in a query. Put texts into single quotes, and names with such characters into back quotes.")]
    [InlineData("a", "Invalid query at position 2: the end is no operator. After a field comes one of = != < <= > >=, IN, BETWEEN, IS NULL, STARTS_WITH.")]
    [InlineData("a IN ()", "Invalid query at position 7: ')' is no value. Write texts and times in single quotes; numbers, true and false without.")]
    [InlineData("a = 1 GROUP BY a, b", "Invalid query at position 17: GROUP BY takes one field. Leave the others out.")]
    [InlineData("a = '\0'", "Invalid query at position 5: the text has a character that no value has. Leave it out.")]
    public void What_cannot_be_read_is_refused_with_its_place_and_the_way_out(string query, string message) =>
        Assert.Equal(message, Assert.Throws<QueryException>(() => QueryParser.Parse(query)).Message);

    [Theory]
    [InlineData("Unknown = 1", "the namespace has no search attribute 'Unknown'")]
    [InlineData("StateTransitionCount = 1", "the namespace has no search attribute 'StateTransitionCount'")]
    [InlineData("ExecutionStatus = 'Sleeping'", "'Sleeping' is no ExecutionStatus. Write one of 'Running', 'Completed'")]
    [InlineData("ExecutionStatus > 'Running'", "ExecutionStatus has no order.")]
    [InlineData("StartTime > 'yesterday'", "'yesterday' is no value of StartTime, which has the type Datetime. Write a time such as '2026-01-31T08:00:00Z'.")]
    [InlineData("ExecutionDuration > 'long'", "'long' is no duration.")]
    [InlineData("Whole = 1.5", "1.5 is no value of Whole, which has the type Int.")]
    [InlineData("Whole = 9223372036854775808", "9223372036854775808 is no value of Whole")]
    [InlineData("Word = 1", "1 is no value of Word, which has the type Keyword. Write a text in single quotes.")]
    [InlineData("Prose < 'x'", "a Text is compared with = and != alone")]
    [InlineData("Prose = '...'", "the text has no word.")]
    [InlineData("Tags STARTS_WITH 'x'", "Tags is a list: ask with =, !=, IN or NOT IN")]
    [InlineData("Whole STARTS_WITH 'x'", "STARTS_WITH is for a Keyword, and Whole is none.")]
    public void What_does_not_fit_its_field_is_refused(string query, string says)
    {
        var refused = Assert.Throws<QueryException>(() => QueryCompiler.Compile("ns", QueryParser.Parse(query).Where, RandomRuns.Attributes));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("Invalid query at position ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_query_has_bounds()
    {
        Refused(new string(' ', VisibilityQuery.MaxLength + 1), "it has 16385 characters");
        Refused($"{new string('(', 33)}a = 1{new string(')', 33)}", "stand more than 32 deep");
        Refused($"{string.Concat(Enumerable.Repeat("NOT ", 33))}a = 1", "stand more than 32 deep");
        Refused($"a IN ({string.Join(',', Enumerable.Repeat("1", 501))})", "more than 500 values");
        Refused(string.Join(" OR ", Enumerable.Repeat("a IS NULL", 501)), "more than 500 values");
        Assert.NotNull(QueryParser.Parse(string.Join(" OR ", Enumerable.Repeat("a IS NULL", 500))).Where);
    }

    [Theory]
    [InlineData("WorkflowId = 'x'' OR 1=1 --'")]
    [InlineData("Word = 'x'' OR 1=1 --'")]
    [InlineData("`Odd name` STARTS_WITH 'x'' OR 1=1 --'")]
    public void A_value_is_never_a_part_of_the_statement(string query)
    {
        var compiled = QueryCompiler.Compile("ns", QueryParser.Parse(query).Where, RandomRuns.Attributes);
        Assert.DoesNotContain("1=1", compiled.Where, StringComparison.Ordinal);
        Assert.Contains("x' OR 1=1 --", compiled.Parameters.Select(p => p.Value));
    }

    private static void Refused(string query, string says) => Assert.Contains(says, Assert.Throws<QueryException>(() => QueryParser.Parse(query)).Message, StringComparison.Ordinal);

    /// <summary>The tree without places, so that two can be compared.</summary>
    private static string Shape(Condition condition) => condition switch
    {
        Both both => $"and({Shape(both.Left)},{Shape(both.Right)})",
        Either either => $"or({Shape(either.Left)},{Shape(either.Right)})",
        Negated not => $"not({Shape(not.Inner)})",
        _ => $"{condition.GetType().Name}[{condition}]",
    };
}
