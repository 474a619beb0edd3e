using Flagstone.Platform.Feed;
using Flagstone.Platform.Identity;
using Flagstone.Ui.Live;
using Flagstone.Workflows.Executions;
using Flagstone.Workflows.Namespaces;
using Flagstone.Workflows.Servers;
using Grpc.Core;
using Microsoft.AspNetCore.Components;

namespace Flagstone.Workflows.Console;

/// <summary>A page about workflows: the steps of a run are not in the ledger, so it also looks again from time to time.</summary>
public abstract class WorkflowPage : LivePage
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(3);

    [Inject]
    internal RunReader Runs { get; set; } = default!;

    [Inject]
    internal NamespaceReader Namespaces { get; set; } = default!;

    [Inject]
    internal InstallationServer Server { get; set; } = default!;

    /// <summary>False when nothing of it can change any more.</summary>
    protected virtual bool MayChange => true;

    protected override bool Concerns(CommittedRow row) => row.Key.Kind == Evidence.Kind || row.Key.Kind == WorkflowNamespaceKind.NamespaceId;

    protected override void OnAfterRender(bool firstRender)
    {
        base.OnAfterRender(firstRender);
        if (firstRender)
        {
            _ = LookAgainAsync();
        }
    }

    protected override string? Explain(Exception failure) => failure is RpcException rpc ? ServerFailure.Text(Server, rpc) : null;

    /// <summary>Denied to a caller whose token is for another namespace.</summary>
    private protected PageState? RefuseNamespace(string name) => AccessRules.RefuseWorkflowLists(Caller, name) is { } why ? new PageDenied(why) : null;

    private protected static PageState NoNamespace(string name) =>
        new PageMissing($"There is no workflow namespace '{name}'. It may have been deleted; the tab Namespaces has those that are there.");

    /// <summary>The names of those that the caller may look at.</summary>
    private protected async Task<IReadOnlyList<string>> NamesAsync(CancellationToken ct) =>
        [.. (await Namespaces.ListAsync(Caller, ct)).Select(n => n.Name).Where(n => AccessRules.RefuseWorkflowLists(Caller, n) is null)];

    private async Task LookAgainAsync()
    {
        var ends = Stop;
        try
        {
            using var pace = new PeriodicTimer(Look, Clock);
            while (await pace.WaitForNextTickAsync(ends))
            {
                if (MayChange)
                {
                    await InvokeAsync(ReloadAsync);
                    await InvokeAsync(StateHasChanged);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The page is gone.
        }
    }
}
