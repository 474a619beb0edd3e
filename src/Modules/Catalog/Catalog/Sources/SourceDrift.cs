using System.Text;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Sources;

/// <summary>Which objects of a source somebody else wrote to: those may differ from what its commit says.</summary>
internal sealed class SourceDrift(LedgerHistory history)
{
    /// <summary>Why the source writes an object again without a new commit, in the ledger.</summary>
    public const string Reason = "reverted drift";

    /// <summary>So long an object is left alone after its drift was reverted: two that fight over a field do not spin.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    /// <summary>Past so many rows the answer is yes without reading on; the comparison with the commit tells.</summary>
    private const int Rows = 20;

    private static readonly byte[] Manager = Encoding.UTF8.GetBytes($"\"manager\":\"{SourceRules.ManagerPrefix}");

    /// <summary>The sources that have fields of a changed or deleted object. A wake-up is a hint: the source itself finds out whose change it was.</summary>
    public static IEnumerable<string> SourcesOf(CommittedRow row)
    {
        if (row.Change is not (ChangeType.Modified or ChangeType.Deleted) || row.Verb == "status")
        {
            yield break;
        }

        var rest = row.Body;
        while (rest.Span.IndexOf(Manager) is >= 0 and var at)
        {
            rest = rest[(at + Manager.Length)..];
            var end = rest.Span.IndexOf((byte)'"');
            if (end < 0)
            {
                yield break;
            }

            yield return Encoding.UTF8.GetString(rest.Span[..end]);
        }
    }

    /// <summary>The objects with a row after a sequence that is neither of the source's commits nor a status.</summary>
    public async Task<IReadOnlyList<ResourceKey>> ChangedAsync(SourceSpec spec, IEnumerable<ResourceKey> inventory, long after, CancellationToken ct)
    {
        var own = $"git:{spec.Repository}@";
        var changed = new List<ResourceKey>();
        foreach (var key in inventory)
        {
            var rows = (await history.OfAsync(key, Rows, ct)).Where(r => r.Sequence > after).ToList();
            if (rows.Count == Rows || rows.Exists(r => r.Verb != "status" && !r.Origin.StartsWith(own, StringComparison.Ordinal)))
            {
                changed.Add(key);
            }
        }

        return changed;
    }
}
