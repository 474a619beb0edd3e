namespace Flagstone.Provisioning.Compositions.GoTemplating.Engine;

/// <summary>What an execution has besides its data.</summary>
/// <param name="Seed">What choices are made from: the same seed gives the same ones. For a composition the composite's uid.</param>
internal sealed record Execution(Budget Budget, TimeProvider Clock, string Seed)
{
    /// <summary>How many choices were made; each takes another part of the seed's stream.</summary>
    public int Choices { get; set; }
}
