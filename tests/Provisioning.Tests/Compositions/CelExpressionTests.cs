using System.Text.Json.Nodes;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.Expressions;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>CEL expressions of people: what cannot be evaluated fails the composition with the reason, and nothing else.</summary>
public sealed class CelExpressionTests
{
    private static readonly Dictionary<string, JsonNode?> Variables = new()
    {
        ["object"] = JsonNode.Parse("""{ "status": { "phase": "Ready", "count": 3 }, "list": [1, 2] }"""),
    };

    [Theory]
    [InlineData("object.status.phase == 'Ready'", true)]
    [InlineData("object.status.count > 3.0", false)]
    [InlineData("has(object.status.other)", false)]
    [InlineData("object.list.exists(i, i == 2.0)", true)]
    public void What_can_be_evaluated_is_true_or_false(string expression, bool expected) =>
        Assert.Equal(expected, CelExpressions.IsTrue(expression, Variables));

    [Theory]
    [InlineData("")]
    [InlineData("object.")]
    [InlineData("1 / 0 == 1")]
    [InlineData("1 % 0 == 1")]
    [InlineData("9223372036854775807 + 1 == 0")]
    [InlineData("object.status.phase + 1 == 2")]
    [InlineData("object.status.missing == 'a'")]
    [InlineData("object.list[7] == 1.0")]
    [InlineData("object.list['a'] == 1.0")]
    [InlineData("nobody == 1")]
    [InlineData("nothing(1)")]
    [InlineData("object.status.phase")]
    [InlineData("int('x') == 1")]
    [InlineData("timestamp('x') == timestamp('y')")]
    [InlineData("duration('x') == duration('y')")]
    [InlineData("'a'.matches('[')")]
    [InlineData("bytes('a') == 'a'")]
    [InlineData("[1][0.5] == 1")]
    [InlineData("null > 1")]
    [InlineData("!object")]
    [InlineData("-'a' == 'a'")]
    [InlineData("int(1e300) == 1")]
    [InlineData("uint(-1) == 1u")]
    [InlineData("'a'.size(1) == 1")]
    [InlineData("google.protobuf.Thing{a: 1} == 1")]
    [InlineData("99999999999999999999 == 1")]
    [InlineData("'\\u{zz}' == 'a'")]
    public void What_cannot_be_evaluated_fails_with_the_reason(string expression) =>
        Assert.Contains("CEL expression", Assert.Throws<FatalResultException>(() => CelExpressions.IsTrue(expression, Variables)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("(", ")", "true")]
    [InlineData("!", "", "true")]
    [InlineData("[", "]", "")]
    [InlineData("f(", ")", "")]
    [InlineData("{1: ", "}", "1")]
    public void The_longest_nesting_ends_no_process(string open, string close, string inside)
    {
        var depth = (16 * 1024 - inside.Length) / (open.Length + close.Length);
        var expression = string.Concat(Enumerable.Repeat(open, depth)) + inside + string.Concat(Enumerable.Repeat(close, depth));

        var problem = Record.Exception(() => CelExpressions.IsTrue(expression, Variables));

        Assert.True(problem is null or FatalResultException, $"{problem}");
    }

    [Fact]
    public void A_longer_expression_is_refused() =>
        Assert.Contains("longer than 16384", Assert.Throws<FatalResultException>(() => CelExpressions.IsTrue(new string(' ', 16_384) + "true", Variables)).Message, StringComparison.Ordinal);
}
