using Google.Protobuf;

namespace Flagstone.Workflows.Console;

/// <summary>Where a page of a list begins, as an address says it: a server's token in hexadecimal. Pure.</summary>
internal static class PageTokens
{
    public static string Write(ByteString token) => Convert.ToHexStringLower(token.Span);

    /// <summary>What is no token begins the list anew.</summary>
    public static ByteString Read(string text)
    {
        try
        {
            return ByteString.CopyFrom(Convert.FromHexString(text));
        }
        catch (FormatException)
        {
            return ByteString.Empty;
        }
    }
}
