using System.Globalization;
using Flagstone.Platform.Reconciling;
using Microsoft.Extensions.Logging;

namespace Flagstone.Workflows.People.Notices;

/// <summary>Tells people of one task.</summary>
[GrainInterfaceType("flagstone.workflow-human-notice")]
internal interface INoticeGrain : IReconcileGrain;

/// <summary>
/// It holds no truth: what is to be told is a row until it was told, so that it is told at least once. What fails is due again, later each time.
/// </summary>
[GrainType("flagstone.workflow-human-notice"), CollectionAgeLimit(Minutes = 2)]
internal sealed partial class NoticeGrain(
    NoticeStore store, HumanTaskStore tasks, NoticeOptions options, NoticeSender sender, TimeProvider clock, ILogger<NoticeGrain> logger) : Grain, INoticeGrain
{
    public const string Controller = "workflow-human-notice";

    /// <summary>What could not be told for so long is not told any more.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static string KeyOf(string runId, long eventId) => string.Create(CultureInfo.InvariantCulture, $"{runId}.{eventId}");

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var key = this.GetPrimaryKeyString().Split('.');
        var (runId, eventId) = (key[0], long.Parse(key[1], CultureInfo.InvariantCulture));
        var notices = await store.ReadAsync(runId, eventId, CancellationToken.None);
        if (notices.Count == 0)
        {
            return ReconcileResult.Done;
        }

        var now = clock.GetUtcNow();
        if (notices[0].At > now)
        {
            return ReconcileResult.After(notices[0].At - now);
        }

        // One each time: a call that tells many would last too long.
        await TellAsync(runId, eventId, notices[0], now);
        return ReconcileResult.After(TimeSpan.Zero);
    }

    private async Task TellAsync(string runId, long eventId, Notice notice, DateTimeOffset now)
    {
        if (now - notice.At > Longest)
        {
            LogGivenUp(notice.Kind, notice.Channel, runId, eventId);
        }
        else if (options.Channels.Contains(notice.Channel) && await tasks.FindAsync(runId, eventId, CancellationToken.None) is { } task)
        {
            await sender.SendAsync(task, notice, CancellationToken.None);
        }

        await store.DropAsync(runId, eventId, notice, CancellationToken.None);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The notice {Kind} by {Channel} of task {Run}.{Event} could not be sent for a day and is given up")]
    private partial void LogGivenUp(NoticeKind kind, NoticeChannel channel, string run, long @event);
}
