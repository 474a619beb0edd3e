using Flagstone.Ui.Components;
using Flagstone.Ui.Session;

namespace Flagstone.Ui.Tests;

public sealed class ListStateTests
{
    [Fact]
    public void A_lists_state_is_its_address_and_a_plain_list_has_a_plain_one()
    {
        Assert.Equal("/services", new ListState().ToHref("/services"));
        Assert.Equal(
            "/services?q=a%26b&owner=payments&sort=name&desc=true&page=2",
            (new ListState("a&b", "name", true).With("owner", "payments").With("phase", "") with { Page = 2 }).ToHref("/services"));
    }

    [Fact]
    public void A_second_click_on_a_heading_turns_the_order_and_another_heading_starts_anew()
    {
        var sorted = new ListState(Page: 3).SortedBy("name");

        Assert.Equal(("name", false, 1), (sorted.Sort, sorted.Descending, sorted.Page));
        Assert.True(sorted.SortedBy("name").Descending);
        Assert.False(sorted.SortedBy("name").SortedBy("owner").Descending);
    }

    [Fact]
    public void A_page_beyond_the_last_shows_the_last()
    {
        var (rows, pages) = new ListState(Page: 9).Slice(Enumerable.Range(0, 120).ToList());

        Assert.Equal(3, pages);
        Assert.Equal(Enumerable.Range(100, 20), rows);
    }

    [Theory]
    [InlineData("/claims?kind=x", "/claims?kind=x")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void After_signing_in_one_stays_in_this_console(string? asked, string goes) => Assert.Equal(goes, LocalPath.Of(asked));
}
