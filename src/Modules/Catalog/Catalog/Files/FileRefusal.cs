namespace Flagstone.Catalog.Files;

/// <summary>Why a file cannot be taken, by its name.</summary>
internal sealed record FileRefusal(string File, string Reason)
{
    public string Message => $"File '{File}' is refused: {Reason}.";
}
