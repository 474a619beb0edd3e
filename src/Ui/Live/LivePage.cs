using Flagstone.Platform.Feed;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Flagstone.Ui.Session;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;

namespace Flagstone.Ui.Live;

/// <summary>
/// A page that reads, shows, and reads again when the ledger says that something it shows has changed. Who looks is asked anew for each read.
/// </summary>
[Authorize]
public abstract partial class LivePage : ComponentBase, IAsyncDisposable
{
    /// <summary>A burst of rows makes one reading.</summary>
    private static readonly TimeSpan Throttle = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource stop = new();
    private Caller? caller;
    private long since;
    private Task following = Task.CompletedTask;

    [Inject]
    public required LedgerTail Tail { get; set; }

    [Inject]
    public required TimeProvider Clock { get; set; }

    [Inject]
    public required CurrentCaller Session { get; set; }

    [Inject]
    public required NavigationManager Navigation { get; set; }

    [Inject]
    public required ILogger<LivePage> Logger { get; set; }

    protected PageState State { get; private set; } = PageState.Loading;

    /// <summary>Who looks; there once the first reading has begun.</summary>
    protected Caller Caller => caller ?? throw new InvalidOperationException("Nobody is signed in: read the caller in LoadAsync or later.");

    /// <summary>Ends with the page.</summary>
    protected CancellationToken Stop => stop.Token;

    /// <summary>Reads what the page shows.</summary>
    protected abstract Task<PageState> LoadAsync(CancellationToken ct);

    /// <summary>True when a committed row may change what the page shows.</summary>
    protected virtual bool Concerns(CommittedRow row) => true;

    protected override async Task OnParametersSetAsync()
    {
        // Taken before the first reading, so that nothing falls between it and the following.
        since = since == 0 ? Tail.Head : since;
        await ReloadAsync();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            following = FollowAsync();
        }
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Whatever fails, the page says so and stays.")]
    protected async Task ReloadAsync()
    {
        try
        {
            caller = await Session.FindAsync(Stop);
            if (caller is null)
            {
                ToSignIn();
                return;
            }

            State = await LoadAsync(Stop);
        }
        catch (OperationCanceledException) when (Stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is not NavigationException)
        {
            if (Explain(e) is { } why)
            {
                State = new PageFailed(why);
                return;
            }

            LogFailed(Logger, e, GetType().Name);
            State = new PageFailed("It could not be read. The server's log has the details.");
        }
    }

    /// <summary>What failed, in words to who reads the page; null for what only the server's log can tell.</summary>
    protected virtual string? Explain(Exception failure) => null;

    /// <summary>The caller as of now, for an action; null leads to the sign-in.</summary>
    protected async Task<Caller?> RequireCallerAsync()
    {
        caller = await Session.FindAsync(Stop);
        if (caller is null)
        {
            ToSignIn();
        }

        return caller;
    }

    /// <summary>Denied, unless the caller may read the kind in the namespace.</summary>
    protected PageState? Refuse(KindDefinition kind, string ns) =>
        AccessRules.Refuse(Caller, "get", kind, ns) is { } why ? new PageDenied(why) : null;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await stop.CancelAsync();
        await following;
        stop.Dispose();
    }

    private async Task FollowAsync()
    {
        try
        {
            await foreach (var rows in Tail.FollowAsync(since, Idle, Stop))
            {
                if (!rows.Any(Concerns))
                {
                    continue;
                }

                await Task.Delay(Throttle, Clock, Stop);
                await InvokeAsync(ReloadAsync);
                await InvokeAsync(StateHasChanged);
            }
        }
        catch (OperationCanceledException)
        {
            // The page is gone.
        }
    }

    private void ToSignIn() => Navigation.NavigateTo(
        $"/sign-in?returnUrl={Uri.EscapeDataString("/" + Navigation.ToBaseRelativePath(Navigation.Uri))}", forceLoad: true);

    [LoggerMessage(Level = LogLevel.Error, Message = "Page {Page} could not be read")]
    private static partial void LogFailed(ILogger logger, Exception exception, string page);
}
