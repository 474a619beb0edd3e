namespace Flagstone.Provisioning.Compositions.GoTemplating;

/// <summary>What upstream's function takes from its command line.</summary>
/// <param name="Source">A folder of templates for an input that names no source; empty for none.</param>
/// <param name="Options">Template options for an input that has none; empty for none.</param>
internal sealed record GoTemplatingDefaults(string Source = "", string Options = "")
{
    public static GoTemplatingDefaults None { get; } = new();
}
