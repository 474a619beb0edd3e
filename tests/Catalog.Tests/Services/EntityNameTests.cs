using Flagstone.Catalog.Contracts;

namespace Flagstone.Catalog.Tests.Services;

public sealed class EntityNameTests
{
    [Theory]
    [InlineData("payments", "default/payments")]
    [InlineData("group:payments", "default/payments")]
    [InlineData("group:eu/payments", "eu/payments")]
    [InlineData("eu/pay:ments", "eu/pay:ments")]
    public void A_reference_names_an_entity(string text, string name)
    {
        Assert.True(EntityName.TryParse(text, out var parsed));
        Assert.Equal(name, parsed.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("group:")]
    [InlineData("group:/x")]
    [InlineData("a/b/c")]
    public void What_has_an_empty_part_names_none(string? text) => Assert.False(EntityName.TryParse(text, out _));
}
