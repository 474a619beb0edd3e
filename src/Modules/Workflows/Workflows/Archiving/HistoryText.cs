using System.Runtime.CompilerServices;
using System.Text;
using Flagstone.Workflows.Console;
using Google.Protobuf;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Archiving;

/// <summary>
/// A history as JSON: <c>{"events":[...]}</c>, each event as protobuf writes it, on a line of its own. SDKs replay it, and
/// <c>temporal workflow show --output json</c> writes the same.
/// </summary>
internal static class HistoryText
{
    private const string Begin = "{\"events\":[";
    private const string End = "]}";

    public static async Task WriteAsync(Stream stream, IAsyncEnumerable<HistoryEvent> events, CancellationToken ct)
    {
        await using var text = new StreamWriter(stream, leaveOpen: true);
        await text.WriteAsync(Begin);
        await foreach (var one in events.WithCancellation(ct))
        {
            await text.WriteAsync(one.EventId == 1 ? "\n" : ",\n");
            await text.WriteAsync(EventJson.Exact(one));
        }

        await text.WriteAsync($"\n{End}\n");
    }

    /// <summary>The events of what <see cref="WriteAsync"/> has written, in order.</summary>
    /// <param name="skip">So many are passed over unread.</param>
    /// <exception cref="InvalidDataException">It is something else, or was cut short.</exception>
    public static async IAsyncEnumerable<HistoryEvent> ReadAsync(Stream stream, long skip, [EnumeratorCancellation] CancellationToken ct)
    {
        using var text = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        if (await text.ReadLineAsync(ct) != Begin)
        {
            throw new InvalidDataException("it does not begin as a history");
        }

        while (await text.ReadLineAsync(ct) is { } line)
        {
            if (line == End)
            {
                yield break;
            }

            if (skip-- <= 0)
            {
                yield return Parsed(line.EndsWith(',') ? line[..^1] : line);
            }
        }

        throw new InvalidDataException("it ends within the history");
    }

    private static HistoryEvent Parsed(string line)
    {
        try
        {
            // Strictly: a member that nobody knows must not pass unseen by a check of the events.
            return JsonParser.Default.Parse<HistoryEvent>(line);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException("it has a line that is no event", e);
        }
    }
}
