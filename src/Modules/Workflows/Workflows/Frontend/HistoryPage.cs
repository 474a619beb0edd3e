using System.Text.Json;
using Google.Protobuf;

namespace Flagstone.Workflows.Frontend;

/// <summary>Where the next page of a history begins, as the embedded server's page tokens say it. Pure.</summary>
internal sealed record HistoryPage(string RunId, long NextId)
{
    public ByteString ToToken() => ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(this));

    /// <param name="runId">The run that is asked for; empty for the current one.</param>
    /// <exception cref="Grpc.Core.RpcException">It is no token, or one of another run.</exception>
    public static HistoryPage Read(ByteString token, string runId)
    {
        if (token.IsEmpty)
        {
            return new HistoryPage(runId, 1);
        }

        try
        {
            if (JsonSerializer.Deserialize<HistoryPage>(token.Span) is { RunId: { Length: > 0 } of, NextId: > 0 } page && (runId.Length == 0 || runId == of))
            {
                return page;
            }
        }
        catch (JsonException)
        {
            // Answered below, like a token of another run.
        }

        throw RpcErrors.InvalidArgument("Invalid NextPageToken.");
    }
}
