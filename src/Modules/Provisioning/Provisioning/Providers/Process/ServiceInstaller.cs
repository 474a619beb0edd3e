using System.Collections.Concurrent;
using System.Formats.Tar;
using Flagstone.Platform.Data;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Providers.Process.Toolchains;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>How far an installation is: null problem and not done means that it goes on.</summary>
internal readonly record struct InstallState(bool Done, string? Problem);

/// <summary>
/// Exports a commit and installs its packages, in the background: it takes longer than a grain's call may. A folder of the commit's name is
/// whole: the work is done beside it, and moved there at the end.
/// </summary>
internal sealed class ServiceInstaller(
    DataFolder data, ServiceUsers users, IEnumerable<IToolchain> toolchains, TimeProvider clock, IHostApplicationLifetime lifetime) : IDisposable
{
    private const int MaxParallel = 2;
    private static readonly TimeSpan ExportLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<string, (Task<string?> Work, long Since)> running = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim slots = new(MaxParallel, MaxParallel);

    /// <summary>Starts what is not started, and says how it stands. What failed is tried again after a while.</summary>
    public async Task<InstallState> InstallAsync(ResourceKey key, SourceReference source)
    {
        var folder = ServiceFolder.Of(data, key);
        if (Directory.Exists(folder.Commit(source.Commit)))
        {
            running.TryRemove(folder.Commit(source.Commit), out _);
            return new InstallState(true, null);
        }

        var name = folder.Commit(source.Commit);
        if (running.TryGetValue(name, out var known) && known.Work.IsCompleted && clock.GetElapsedTime(known.Since) > RetryAfter)
        {
            running.TryRemove(name, out _);
        }

        var (work, _) = running.GetOrAdd(name, _ => (Task.Run(() => RunAsync(key, source, lifetime.ApplicationStopping)), clock.GetTimestamp()));
        return work.IsCompleted ? new InstallState(Directory.Exists(name), await work) : new InstallState(false, null);
    }

    public void Dispose() => slots.Dispose();

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong is shown on the Deployment, and tried again.")]
    private async Task<string?> RunAsync(ResourceKey key, SourceReference source, CancellationToken ct)
    {
        await slots.WaitAsync(ct);
        try
        {
            return await ExportAsync(key, source, ct);
        }
        catch (Exception e)
        {
            return $"{source} cannot be installed: {e.Message}";
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<string?> ExportAsync(ResourceKey key, SourceReference source, CancellationToken ct)
    {
        var folder = ServiceFolder.Of(data, key);
        var repository = data.In("git", $"{source.Repository}.git");
        if (!Directory.Exists(repository))
        {
            return $"There is no repository {source.Repository} here. Publish it first, or correct the annotation {SourceReference.Annotation}.";
        }

        var (made, archive) = (folder.Commit(source.Commit) + ".new", folder.Commit(source.Commit) + ".tar");
        if (Directory.Exists(made))
        {
            Directory.Delete(made, recursive: true);
        }

        folder.Make();
        Directory.CreateDirectory(made);
        var (exit, output) = await Processes.RunAsync(
            ["git", $"--git-dir={repository}", "archive", "--format=tar", $"--output={archive}", source.Commit], "/", ExportLimit, ct);
        if (exit != 0)
        {
            return $"Commit {source.Commit} of {source.Repository} cannot be exported: {output}";
        }

        await TarFile.ExtractToDirectoryAsync(archive, made, overwriteFiles: false, ct);
        File.Delete(archive);
        if (toolchains.FirstOrDefault(t => t.Takes(made)) is not { } toolchain)
        {
            return $"Commit {source.Commit} of {source.Repository} has neither a package.json nor a .csproj in its folder or in 'src': only Node.js and .NET services run here";
        }

        if (await toolchain.InstallAsync(made, users.Of(key), ct) is { } problem)
        {
            return problem;
        }

        if (users.Of(key) is { } user)
        {
            // Whoever installed it, what runs is the service's own, and closed to all others.
            await UnprivilegedUser.OwnAsync(user.Id, made, ct);
            File.SetUnixFileMode(made, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Directory.Move(made, folder.Commit(source.Commit));
        return null;
    }

    /// <summary>The end of what a program printed: a condition has room for no more.</summary>
    public static string Tail(string output) => output.Length <= 600 ? output : output[^600..];
}
