using Flagstone.Platform.Data;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>Where a service's files lie: <c>DIR/apps/NAMESPACE/NAME</c>.</summary>
internal readonly record struct ServiceFolder(string Path)
{
    public static ServiceFolder Of(DataFolder data, ResourceKey key) => new(data.In("apps", key.Namespace, key.Name));

    public string Log => System.IO.Path.Combine(Path, "log");

    /// <summary>The number of the user as whom it runs.</summary>
    public string User => System.IO.Path.Combine(Path, "uid");

    /// <summary>What it sees as the machine's accounts: its own.</summary>
    public string Accounts => System.IO.Path.Combine(Path, "passwd");

    public string Runs => System.IO.Path.Combine(Path, "run");

    public string Commit(string commit) => System.IO.Path.Combine(Path, commit);

    public string Record(string instance) => System.IO.Path.Combine(Runs, $"{instance}.json");

    public string Pid(string instance) => System.IO.Path.Combine(Runs, $"{instance}.pid");
}
