using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>A form becomes a running service with its database, whatever happens to the platform meanwhile.</summary>
public sealed class MainJobTests
{
    private const string Published = "FLAGSTONE_PUBLISHED";
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
    public async Task As_the_image_runs_it_without_root_and_with_everything_read_only_but_the_volume()
    {
        var published = Environment.GetEnvironmentVariable(Published);
        Assert.SkipUnless(published is { Length: > 0 }, $"script/test publishes the program and names it in {Published}.");
        await using var host = await RunningHost.StartAsync(Ct, binary: published, confined: true);

        await MainJob.FillInFormAsync(host, "boxed", Ct);

        Assert.Equal("boxed", (await MainJob.AnswerAsync(host, "boxed", Ct))["service"]!.GetValue<string>());
    }
}
