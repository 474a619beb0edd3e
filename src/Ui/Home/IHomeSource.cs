using Flagstone.Platform.Identity;
using Flagstone.Ui.Components;

namespace Flagstone.Ui.Home;

/// <summary>What a module has to say on the home page: how many of something there are, and which of them need a person.</summary>
public interface IHomeSource
{
    int Order { get; }

    Task<HomeSection> ReadAsync(Caller caller, CancellationToken ct);
}

/// <param name="Title">The plural noun, for example <c>Services</c>.</param>
/// <param name="Href">The list of them; empty where there is none, and then only what needs a person is shown.</param>
/// <param name="Total">How many there are in all.</param>
/// <param name="Attention">Those that need a person, worst first.</param>
public sealed record HomeSection(string Title, string Href, long Total, IReadOnlyList<HomeItem> Attention);

/// <param name="What">The singular noun, for example <c>service</c>.</param>
/// <param name="Href">Its page; empty for what has none.</param>
/// <param name="Status">Its detail says why it needs a person.</param>
/// <param name="Since">Since when, or null where that is not known.</param>
public sealed record HomeItem(string What, string Name, string Href, Status Status, DateTimeOffset? Since = null);
