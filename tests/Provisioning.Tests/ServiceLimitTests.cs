using Flagstone.Platform.Data;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Providers;
using Flagstone.Provisioning.Providers.Process;

namespace Flagstone.Provisioning.Tests;

public sealed class ServiceLimitTests
{
    [Theory]
    [InlineData("", "", 256, 1000)]
    [InlineData("512Mi", "500m", 512, 500)]
    [InlineData("1Gi", "2", 1024, 2000)]
    [InlineData("500M", "0.25", 476, 250)]
    [InlineData("536870912", "1.5", 512, 1500)]
    [InlineData("1Ki", "0", 32, 10)]
    [InlineData("900Gi", "900", 4096, 64_000)]
    [InlineData("much", "-1", 256, 1000)]
    public void Limits_are_kubernetes_quantities_with_defaults_and_bounds(string memory, string cpu, int megabytes, int millicores) =>
        Assert.Equal(new ServiceLimits(megabytes, millicores), ServiceLimits.Read(memory, cpu));

    [Fact]
    public void Where_the_kernel_limits_all_memory_the_heap_leaves_room_for_the_rest()
    {
        var limits = ServiceLimits.Read("256Mi", "");
        Assert.Equal((192, 256), (limits.HeapMegabytes(hard: true), limits.HeapMegabytes(hard: false)));
    }

    [Fact]
    public void A_process_gets_a_control_group_with_its_limits_where_version_2_offers_them()
    {
        var root = Directory.CreateTempSubdirectory("flagstone-cgroup-");
        File.WriteAllText(Path.Combine(root.FullName, "cgroup.controllers"), "cpuset cpu io memory pids\n");
        var groups = new ControlGroups(root.FullName);

        Assert.True(groups.Available);
        Assert.Equal(Path.Combine(root.FullName, "flagstone", "a-ns-app-1", "cgroup.procs"), groups.Make("a-ns-app-1", ServiceLimits.Read("128Mi", "500m")));

        Assert.Equal("+memory +cpu +pids", Read("cgroup.subtree_control"));
        Assert.Equal("+memory +cpu +pids", Read("flagstone", "cgroup.subtree_control"));
        Assert.Equal("134217728", Read("flagstone", "a-ns-app-1", "memory.max"));
        Assert.Equal("50000 100000", Read("flagstone", "a-ns-app-1", "cpu.max"));
        Assert.Equal("256", Read("flagstone", "a-ns-app-1", "pids.max"));
        root.Delete(recursive: true);

        string Read(params string[] path) => File.ReadAllText(Path.Combine([root.FullName, .. path]));
    }

    [Fact]
    public async Task A_process_is_in_its_control_group_before_it_becomes_the_service()
    {
        var mount = File.ReadAllLines("/proc/mounts").Select(l => l.Split(' ')).FirstOrDefault(m => m.Length > 2 && m[2] == "cgroup2")?[1];
        Assert.SkipUnless(mount is not null && Processes.IsRoot, "no control groups of version 2 are mounted, or the tests do not run as root");
        var name = $"flagstone-test-{Environment.ProcessId}";
        var group = Directory.CreateDirectory(Path.Combine(mount!, name)).FullName;
        var folder = Directory.CreateTempSubdirectory("flagstone-");
        var (pid, log) = (Path.Combine(folder.FullName, "pid"), Path.Combine(folder.FullName, "log"));

        var process = Processes.StartDetached(["grep", "^0:", "/proc/self/cgroup"], "/", pid, log, controlGroup: Path.Combine(group, "cgroup.procs"));

        var deadline = TimeSpan.FromSeconds(20);
        var since = TimeProvider.System.GetTimestamp();
        while (Processes.IsAlive(process) && TimeProvider.System.GetElapsedTime(since) < deadline)
        {
            await Task.Yield();
        }

        Assert.EndsWith($"/{name}", (await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken)).Trim(), StringComparison.Ordinal);
        Directory.Delete(group);
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("cpuset cpu io")]
    public void Without_the_controllers_there_are_no_groups(string? controllers)
    {
        var root = Directory.CreateTempSubdirectory("flagstone-cgroup-");
        if (controllers is not null)
        {
            File.WriteAllText(Path.Combine(root.FullName, "cgroup.controllers"), controllers);
        }

        var groups = new ControlGroups(root.FullName);

        Assert.False(groups.Available);
        Assert.Null(groups.Make("a", ServiceLimits.Read("", "")));
        Assert.False(Directory.Exists(Path.Combine(root.FullName, "flagstone")));
        root.Delete(recursive: true);
    }

    [Fact]
    public void A_service_keeps_its_user_two_have_two_and_without_root_there_are_none()
    {
        var folder = Directory.CreateTempSubdirectory("flagstone-");
        using (var data = DataFolder.Open(folder.FullName))
        {
            var (one, two) = (new ResourceKey(ServiceRuntime.Deployments, "ns", "one"), new ResourceKey(ServiceRuntime.Deployments, "ns", "two"));
            var users = new ServiceUsers(data, owns: true);
            var first = users.Of(one)!;
            Assert.NotEqual(first.Id, users.Of(two)!.Id);
            Assert.Equal(first, users.Of(one));
            Assert.Equal(first, new ServiceUsers(data, owns: true).Of(one));
            Assert.Null(new ServiceUsers(data, owns: false).Of(one));

            // A number that is taken is passed over, wherever the search begins.
            Directory.Delete(ServiceFolder.Of(data, one).Path, recursive: true);
            File.WriteAllText(ServiceFolder.Of(data, two).User, $"{first.Id}");
            Assert.Equal(first.Id == ServiceUsers.Last ? ServiceUsers.First : first.Id + 1, users.Of(one)!.Id);
        }

        folder.Delete(recursive: true);
    }
}
