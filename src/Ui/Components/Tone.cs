namespace Flagstone.Ui.Components;

/// <summary>What a status means, whatever it is called. Each has a colour and a shape of its own.</summary>
public enum Tone
{
    /// <summary>Nothing is to be done, or nothing is known.</summary>
    Neutral,
    Good,

    /// <summary>It is on its way.</summary>
    Busy,
    Warning,
    Bad,

    /// <summary>It is not real.</summary>
    Simulated,
}
