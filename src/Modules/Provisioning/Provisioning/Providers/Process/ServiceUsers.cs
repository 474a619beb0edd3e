using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Flagstone.Platform.Data;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>As whom a service runs.</summary>
/// <param name="Id">The number of the user and of its group.</param>
/// <param name="Accounts">The file that the service sees as <c>/etc/passwd</c>: programs ask who they are.</param>
internal sealed record ServiceUser(int Id, string Accounts);

/// <summary>
/// A user of its own for each service, when the platform is root: then no service reads another's files or signals its processes. The number is
/// kept in the service's folder, and free again when that goes.
/// </summary>
/// <param name="owns">Whether the platform may change users.</param>
internal sealed class ServiceUsers(DataFolder data, bool owns)
{
    /// <summary>The range that systemd takes for its dynamic users: no account of a machine is in it.</summary>
    public const int First = 61_184;
    public const int Last = 65_519;

    private readonly Lock gate = new();

    /// <summary>Whether each service has a user of its own.</summary>
    public bool Own => owns;

    /// <summary>The service's user and group, the same at each call; null when the platform's own user runs it.</summary>
    /// <exception cref="IOException">All of the range is taken.</exception>
    public ServiceUser? Of(ResourceKey key)
    {
        if (!owns)
        {
            return null;
        }

        lock (gate)
        {
            var folder = ServiceFolder.Of(data, key);
            if (Read(folder.User) is { } known && File.Exists(folder.Accounts))
            {
                return new ServiceUser(known, folder.Accounts);
            }

            var taken = Directory.Exists(data.In("apps"))
                ? Directory.EnumerateDirectories(data.In("apps")).SelectMany(Directory.EnumerateDirectories).Select(f => Read(new ServiceFolder(f).User)).ToHashSet()
                : [];
            // From the folder and the name, so that two installations on one machine rarely begin at one number.
            var hash = BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{data.In()} {key}")));
            var user = Enumerable.Range(0, Last - First + 1)
                .Select(i => First + (int)((hash + (uint)i) % (Last - First + 1)))
                .Where(u => !taken.Contains(u)).Cast<int?>().FirstOrDefault()
                ?? throw new IOException($"All {Last - First + 1} users for services are taken");
            folder.Make();
            File.WriteAllText(folder.Accounts, string.Create(CultureInfo.InvariantCulture, $"root:x:0:0::/:/bin/false\nservice:x:{user}:{user}::/tmp:/bin/false\n"));
            // The service reads it, as anybody reads the machine's.
            File.SetUnixFileMode(folder.Accounts, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            File.WriteAllText(folder.User, user.ToString(CultureInfo.InvariantCulture));
            return new ServiceUser(user, folder.Accounts);
        }
    }

    /// <summary>True when the platform is root, and where it is root the range exists: a user namespace may have fewer users.</summary>
    public static bool MayOwn()
    {
        if (!Processes.IsRoot)
        {
            return false;
        }

        var maps = File.ReadAllLines("/proc/self/uid_map").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(m => m.Length == 3);
        return maps.Any(m => long.TryParse(m[0], CultureInfo.InvariantCulture, out var from) && long.TryParse(m[2], CultureInfo.InvariantCulture, out var count)
            && from <= First && from + count > Last);
    }

    private static int? Read(string file) =>
        File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var user) && user is >= First and <= Last ? user : null;
}
