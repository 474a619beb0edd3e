namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>A patch cannot be applied; fatal unless it is handled.</summary>
/// <param name="notFound">True when what it reads is not there (yet): the patch's policy says whether that matters.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1064", Justification = "It never leaves the engine.")]
internal sealed class PatchFailure(string message, bool notFound = false) : FatalResultException(message)
{
    public bool NotFound { get; } = notFound;
}
