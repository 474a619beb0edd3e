namespace Flagstone.Platform.Ledger;

/// <summary>Who acts. Ledger rows name the id alone; views look the name up.</summary>
/// <param name="Id">Opaque and stable, for example <c>u-7f3a...</c>, or <c>system:claims</c> for the platform's own controllers.</param>
/// <param name="OnBehalfOf">The id for whom this actor acts, or null when it acts for itself.</param>
public sealed record Actor(string Id, string? OnBehalfOf = null)
{
    /// <summary>The platform itself, by the controller that acts.</summary>
    public static Actor Controller(string name) => new($"system:{name}");
}
