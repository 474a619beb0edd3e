using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>A form becomes a running service with its database, whatever happens to the platform meanwhile.</summary>
public sealed class MainJobTests
{
    private const string Databases = "/apis/postgresql.sql.crossplane.io/v1alpha1/databases";
    private const string Repositories = "/apis/flagstone.dev/v1alpha1/repositories";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_form_becomes_a_service_that_answers_from_its_own_database_and_outlives_a_kill()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await MainJob.FillInFormAsync(host, "orders", Ct);
        var first = await MainJob.AnswerAsync(host, "orders", Ct);

        await host.KillAsync();
        await host.StartAgainAsync(Ct);

        var second = await MainJob.AnswerAsync(host, "orders", Ct);
        Assert.Equal("orders", first["service"]!.GetValue<string>());
        Assert.True(second["visits"]!.GetValue<int>() > first["visits"]!.GetValue<int>(), $"The row of before is gone: {first} then {second}");
        Assert.Equal(1, await MainJob.CountAsync(host, Databases, Ct));
        Assert.Equal(2, await MainJob.CountAsync(host, Repositories, Ct));
    }

    [Fact]
    public async Task A_kill_right_after_the_form_loses_nothing_and_makes_nothing_twice()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await MainJob.FillInFormAsync(host, "billing", Ct);

        await host.KillAsync();
        await host.StartAgainAsync(Ct);

        await MainJob.AnswerAsync(host, "billing", Ct);
        Assert.Equal(1, await MainJob.CountAsync(host, Databases, Ct));
        Assert.Equal(2, await MainJob.CountAsync(host, Repositories, Ct));
    }

    [Fact]
    public async Task Nobody_else_on_the_machine_reads_the_data_folder_after_a_form_has_become_a_service()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await MainJob.FillInFormAsync(host, "closed", Ct);
        await MainJob.AnswerAsync(host, "closed", Ct);

        // As root, services are other users: they pass through these, and read what they see as the machine's accounts.
        Dictionary<string, UnixFileMode> open = Environment.IsPrivilegedProcess
            ? new(StringComparer.Ordinal)
            {
                ["."] = OpenFolders.Passage, ["apps"] = OpenFolders.Passage, ["apps/closed"] = OpenFolders.Passage, ["apps/closed/closed"] = OpenFolders.Passage,
                ["apps/closed/closed/passwd"] = UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            }
            : [];
        // The tests themselves let others pass through the folder that they make.
        open["."] = OpenFolders.Passage;
        Assert.Equal(open.OrderBy(o => o.Key, StringComparer.Ordinal), OpenFolders.Below(host.Data));
    }

    [Fact]
    public async Task A_start_closes_what_an_earlier_release_left_readable_and_its_services_go_on()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await MainJob.FillInFormAsync(host, "opened", Ct);
        await MainJob.AnswerAsync(host, "opened", Ct);
        await host.StopAsync();
        string[] readable = ["flagstone.db", "git", "apps", "apps/opened", "apps/opened/opened", "apps/opened/opened/log", "apps/opened/opened/run"];
        foreach (var path in readable.Select(p => Path.Combine(host.Data, p)).Append(host.Data))
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupRead | UnixFileMode.OtherRead | OpenFolders.Passage);
        }

        await host.StartAgainAsync(Ct);

        await MainJob.AnswerAsync(host, "opened", Ct);
        var reading = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        Assert.DoesNotContain(OpenFolders.Below(host.Data), o => (o.Value & reading) != 0 && Path.GetFileName(o.Key) != "passwd");
    }

    [Fact]
    public async Task As_the_image_runs_it_without_root_and_with_everything_read_only_but_the_volume()
    {
        await using var host = await RunningHost.StartAsync(Ct, binary: Published.Require(), confined: true);

        await MainJob.FillInFormAsync(host, "boxed", Ct);

        Assert.Equal("boxed", (await MainJob.AnswerAsync(host, "boxed", Ct))["service"]!.GetValue<string>());
    }
}
