using Flagstone.Catalog;
using Flagstone.Compliance;
using Flagstone.Host;
using Flagstone.Host.Memory;
using Flagstone.Metrics;
using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Provisioning;
using Flagstone.Workflows;

// Libraries match patterns of people over texts of others, and some patterns never end. Read once, before the first pattern. Our own are linear and
// have no timeout (NonBacktracking, Timeout.Infinite): a machine that stands still for a moment must not end a start.
AppDomain.CurrentDomain.SetData("REGEX_DEFAULT_MATCH_TIMEOUT", TimeSpan.FromSeconds(2));
PrivateFiles.MakeDefault();
var command = CommandLine.Read(args);
switch (command)
{
    case CommandLine.About about:
        await Console.Out.WriteLineAsync(about.Text);
        return 0;
    case CommandLine.Wrong wrong:
        await Console.Error.WriteLineAsync($"flagstone: {wrong.Text}");
        return 2;
    case CommandLine.Render render:
        return await RenderCommandLine.RunAsync(render.Arguments, CancellationToken.None);
}

try
{
    var builder = HostSettings.CreateBuilder(command);
    var options = HostSettings.Read(builder.Configuration);
    if (command is CommandLine.Transfer transfer)
    {
        await TransferCommands.RunAsync(transfer, options, CancellationToken.None);
        return 0;
    }

    using var folder = DataFolder.Open(options.Data);

    var (certificate, authority) = ServerCertificate.Open(folder, TimeProvider.System);

    builder.AddListeners(options, certificate);
    builder.AddObservability();
    builder.AddSilo(options, folder);
    builder.Services.AddSingleton<Readiness>();
    builder.Services.AddHostedService<IdleCollection>();
    builder.AddPlatform(options, folder);
    builder.AddCatalog();
    builder.AddProvisioning();
    builder.AddWorkflows();
    builder.AddPlatformWorker();
    builder.AddMetrics();
    builder.AddCompliance();
    builder.AddConsole(folder);
    builder.AddServiceProxy();
    builder.AddRateLimits();
    builder.AddApiProblems();
    builder.AddOpenApiDocument();

    await using var app = builder.Build();
    await PlatformModule.MigrateAsync(app.Services, CancellationToken.None);
    app.UseRateLimits(options);
    app.UseListeners(options);
    app.UseApiProblems();
    app.UseConsole();
    app.UseTemporalPort(options);
    app.MapHealth();
    app.MapPrometheusScrapingEndpoint("/metrics");
    app.MapLog();
    app.MapTokens();
    app.MapHistory();
    app.MapCatalog();
    app.MapProvisioning();
    app.MapWorkflows();
    app.MapMetrics();
    app.MapCompliance();
    app.MapOpenApiDocument();
    app.MapProblemPages();
    app.MapConsole();

    Listeners.EnsureFree(options);
    try
    {
        await app.StartAsync();
    }
    catch
    {
        // What did start is stopped in order before it is disposed.
        await app.StopAsync(CancellationToken.None);
        throw;
    }

    await PlatformModule.BootstrapAsync(app.Services, options.KubernetesUrl, authority, CancellationToken.None);
    await Task.WhenAll(app.Services.GetServices<IHostedService>().OfType<IStartWork>().Select(work => work.Finished));
    app.Services.GetRequiredService<Readiness>().Set();
    HostSettings.Announce(options, folder);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (StartFailure.Explain(e) is { } why)
{
    await Console.Error.WriteLineAsync($"flagstone: {why}");
    return 1;
}
