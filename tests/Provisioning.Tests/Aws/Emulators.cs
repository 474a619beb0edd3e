using System.Diagnostics;
using Flagstone.Platform.Data;
using Flagstone.Testing;

namespace Flagstone.Provisioning.Tests.Aws;

/// <summary>
/// S3 and SQS by others: npm's s3rver and fauxqs, as <c>Aws/emulators/package-lock.json</c> pins them, started with node. They are installed
/// once, below the test's own folder; without node and npm the tests say so and are skipped.
/// </summary>
internal sealed class Emulators : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<Process> processes = [];
    private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("flagstone-s3-");

    public Uri S3 { get; private set; } = new("http://127.0.0.1");

    public Uri Sqs { get; private set; } = new("http://127.0.0.1");

    public async Task StartAsync()
    {
        Assert.SkipUnless(NpmFolder.CanInstall, "node and npm are needed to start s3rver and fauxqs");
        var (modules, failure) = await NpmFolder.InstallAsync(Path.Combine(AppContext.BaseDirectory, "Aws", "emulators"), CancellationToken.None);
        Assert.SkipUnless(failure is null, $"npm cannot install s3rver and fauxqs: {failure}");
        S3 = await RunAsync(["s3rver/bin/s3rver.js", "--directory", data.FullName, "--address", "127.0.0.1", "--port"], modules, (_, _) => { });
        Sqs = await RunAsync(["fauxqs/dist/server.js"], modules, (environment, port) => environment["FAUXQS_PORT"] = port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        data.Delete(recursive: true);
    }

    private async Task<Uri> RunAsync(string[] arguments, string modules, Action<IDictionary<string, string?>, string> prepare)
    {
        var port = LoopbackPorts.Free();
        var start = new ProcessStartInfo("node") { WorkingDirectory = modules, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Concat(arguments[^1] == "--port" ? [$"{port}"] : []))
        {
            start.ArgumentList.Add(argument);
        }

        prepare(start.Environment, $"{port}");
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => listens.TrySetException(new InvalidOperationException($"{arguments[0]} ended"));
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("listening", StringComparison.OrdinalIgnoreCase) == true)
            {
                listens.TrySetResult();
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add(process);
        await listens.Task.WaitAsync(Patience);
        return new Uri($"http://127.0.0.1:{port}");
    }
}
