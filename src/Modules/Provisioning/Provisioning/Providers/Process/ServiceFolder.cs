using Flagstone.Platform.Data;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>
/// Where a service's files lie: <c>DIR/apps/NAMESPACE/NAME</c>. Its user passes through that folder and those above it, and reads what is bound
/// into its sandbox: the commit's folder, which it owns, and its accounts.
/// </summary>
internal readonly record struct ServiceFolder(string Path)
{
    public static ServiceFolder Of(DataFolder data, ResourceKey key) => new(data.In("apps", key.Namespace, key.Name));

    public string Log => System.IO.Path.Combine(Path, "log");

    /// <summary>The number of the user as whom it runs.</summary>
    public string User => System.IO.Path.Combine(Path, "uid");

    /// <summary>What it sees as the machine's accounts: its own.</summary>
    public string Accounts => System.IO.Path.Combine(Path, "passwd");

    public string Runs => System.IO.Path.Combine(Path, "run");

    /// <summary>Makes the folder, with the way to it.</summary>
    public void Make()
    {
        var ns = System.IO.Path.GetDirectoryName(Path)!;
        PrivateFiles.MakePassage(System.IO.Path.GetDirectoryName(ns)!);
        PrivateFiles.MakePassage(ns);
        PrivateFiles.MakePassage(Path);
        Directory.CreateDirectory(Runs, PrivateFiles.Folder);
    }

    /// <summary>Brings a folder of an earlier start to who may read it now: that one may have been of a release that left it to the shell's umask.</summary>
    public void Close()
    {
        Make();
        foreach (var entry in Directory.GetFileSystemEntries(Path))
        {
            if (entry != Accounts)
            {
                PrivateFiles.Close(entry);
            }
        }
    }

    public string Commit(string commit) => System.IO.Path.Combine(Path, commit);

    public string Record(string instance) => System.IO.Path.Combine(Runs, $"{instance}.json");

    public string Pid(string instance) => System.IO.Path.Combine(Runs, $"{instance}.pid");
}
