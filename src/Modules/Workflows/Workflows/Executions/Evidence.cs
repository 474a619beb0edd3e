using System.Globalization;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;

namespace Flagstone.Workflows.Executions;

/// <summary>What the ledger keeps of a run that ends: which one, how, and the digest of its history. Pure.</summary>
internal static class Evidence
{
    /// <summary>Where the ledger's rows of what people did in the console come from.</summary>
    public const string ConsoleOrigin = "console";

    /// <summary>As the ledger names runs; they are no resources.</summary>
    public static readonly KindId Kind = new("workflowexecutions", "workflows.flagstone.dev");

    public const string Verb = "close";

    /// <summary>The key's namespace is that of the run, by uid; its name is the run id.</summary>
    public static ResourceKey Key(string ns, string runId) => new(Kind, ns, runId);

    public static LedgerNote Note(RunState run) => new(Key(run.Namespace, run.RunId), Verb, Convert.ToHexStringLower(run.Digest));

    /// <summary>Of what somebody did to a run and gave a reason for; it has no digest.</summary>
    public static LedgerNote Note(RunState run, CallerAct act) => new(Key(run.Namespace, run.RunId), act.Verb, "");

    /// <summary>The count stands first: the ledger cuts a reason that is too long at its end.</summary>
    public static string Reason(RunState run) => $"{run.Status} after {run.NextEventId - 1} events{Skipped(run)}; workflow {run.WorkflowId}, type {run.Type}";

    /// <summary>That a history's times are not those at which it happened; nothing for a run whose clock is the wall clock.</summary>
    private static string Skipped(RunState run) => run.TimeSkipping is { Skipped: var time } && time > TimeSpan.Zero
        ? string.Create(CultureInfo.InvariantCulture, $", its clock ahead by {time.TotalSeconds:0.###} s of skipped time") : "";
}
