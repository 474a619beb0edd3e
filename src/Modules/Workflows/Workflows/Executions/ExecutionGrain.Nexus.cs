using System.Security.Cryptography;
using System.Text;
using Flagstone.Workflows.Nexus;
using Flagstone.Workflows.Nexus.Callbacks;
using Flagstone.Workflows.Nexus.Endpoints;
using Flagstone.Workflows.Outbox;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Common.V1;
using Temporalio.Api.History.V1;

namespace Flagstone.Workflows.Executions;

/// <summary>Nexus operations: what came of the requests to their handlers, and their ends.</summary>
internal sealed partial class ExecutionGrain
{
    public async Task<bool> ReportNexusAsync(NexusReport report)
    {
        if (run is null)
        {
            return true;
        }

        var change = Step();
        if (!NexusRules.Report(change, report))
        {
            Drop();
            return true;
        }

        return await CommitAsync(change) is null;
    }

    public async Task<Receipt> CompleteNexusAsync(NexusCompletion completion)
    {
        if (run is not { IsRunning: true } || run.RunId != completion.RunId || !run.NexusOperations.TryGetValue(completion.ScheduledId, out var known)
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(known.Secret), Encoding.UTF8.GetBytes(completion.Secret)))
        {
            return Receipt.Needless;
        }

        var reply = NexusCompletion.Of(HistoryEvent.Parser.ParseFrom(completion.Last));
        var change = Step();
        NexusRules.Complete(change, known, completion.OperationToken, reply, Link.Parser.ParseFrom(completion.Link));
        return await CommitAsync(change) is null ? Receipt.Done : Receipt.Again;
    }

    /// <summary>The endpoints that a worker's commands name, as far as they are there.</summary>
    private async Task<Dictionary<string, NexusEndpoint>> EndpointsAsync(IEnumerable<Command> commands)
    {
        var found = new Dictionary<string, NexusEndpoint>(StringComparer.Ordinal);
        foreach (var name in NexusCommands.Endpoints(commands))
        {
            if (await endpoints.FindAsync(name, CancellationToken.None) is { } endpoint)
            {
                found[name] = endpoint;
            }
        }

        return found;
    }
}
