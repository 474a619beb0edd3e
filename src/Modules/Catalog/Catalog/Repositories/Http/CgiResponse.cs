using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Catalog.Repositories.Http;

/// <summary>
/// Takes the answer of a CGI program apart (RFC 3875 section 6): headers, of which Status is the status line, then the body.
/// </summary>
internal static class CgiResponse
{
    private const int MaxHeaderBytes = 16 * 1024;

    // What http-backend sends. Anything else a program says about the connection is not its business.
    private static readonly HashSet<string> Passed =
        new(StringComparer.OrdinalIgnoreCase) { "Content-Type", "Cache-Control", "Expires", "Pragma" };

    /// <summary>Reads the headers into the response. False where the program ended without an answer.</summary>
    public static async Task<bool> ReadHeadersAsync(PipeReader output, HttpResponse response, CancellationToken ct)
    {
        while (true)
        {
            var read = await output.ReadAsync(ct);
            var text = Encoding.ASCII.GetString(read.Buffer.Slice(0, Math.Min(read.Buffer.Length, MaxHeaderBytes)));
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                output.AdvanceTo(read.Buffer.GetPosition(end + 4));
                Apply(text[..end], response);
                return true;
            }

            output.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || text.Length == MaxHeaderBytes)
            {
                return false;
            }
        }
    }

    private static void Apply(string headers, HttpResponse response)
    {
        foreach (var line in headers.Split("\r\n"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                continue;
            }

            var (name, value) = (line[..colon], line[(colon + 1)..].Trim());
            if (name.Equals("Status", StringComparison.OrdinalIgnoreCase))
            {
                response.StatusCode = Status(value);
            }
            else if (Passed.Contains(name))
            {
                response.Headers[name] = value;
            }
        }
    }

    private static int Status(string value) =>
        int.TryParse(value.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 200 and < 600
            ? status
            : StatusCodes.Status502BadGateway;
}
