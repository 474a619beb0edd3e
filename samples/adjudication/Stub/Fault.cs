namespace Flagstone.Samples.Adjudication.Stub;

/// <summary>What is wrong with one call.</summary>
public enum Fault
{
    /// <summary>It answers 503.</summary>
    Unavailable,

    /// <summary>It does what was asked, and never answers.</summary>
    Hangs,

    /// <summary>It answers 422, and so does each later call.</summary>
    Rejects,
}
