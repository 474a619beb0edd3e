using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Tests.Resources;

public sealed class LabelRulesTests
{
    [Theory]
    [InlineData("app")]
    [InlineData("app.kubernetes.io/Name_1")]
    [InlineData("1")]
    public void A_key_is_a_name_with_an_optional_domain_before_it(string key) => Assert.Null(LabelRules.WhyNotKey(key));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("-a")]
    [InlineData("/a")]
    [InlineData("Upper.example.com/a")]
    [InlineData("a/b/c")]
    public void Anything_else_is_no_key(string key) => Assert.NotNull(LabelRules.WhyNotKey(key));

    [Fact]
    public void Each_part_has_its_length()
    {
        Assert.Null(LabelRules.WhyNotKey(new string('a', 63)));
        Assert.NotNull(LabelRules.WhyNotKey(new string('a', 64)));
        Assert.Null(LabelRules.WhyNotValue(new string('a', 63)));
        Assert.NotNull(LabelRules.WhyNotValue(new string('a', 64)));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("v1.2_3-x", true)]
    [InlineData("c d", false)]
    [InlineData("a-", false)]
    public void A_value_may_be_empty_and_else_begins_and_ends_with_a_letter_or_digit(string value, bool good) =>
        Assert.Equal(good, LabelRules.WhyNotValue(value) is null);

    [Theory]
    [InlineData("a=b=c")]
    [InlineData("a in (b c)")]
    [InlineData("a b")]
    [InlineData("=b")]
    public void A_selector_that_no_label_could_fit_is_refused(string text) => Assert.False(LabelSelector.TryParse(text, out _, out _));
}
