using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Catalog.Repositories.Http;

/// <summary>One run of <c>git http-backend</c>, the body of a request going in while that of the response comes out.</summary>
internal sealed class GitCgi(RepositoryFolder folder) : IDisposable
{
    private const int MaxErrorChars = 4096;

    // A program that loses its input cleans up after itself; one that is killed leaves its temporary objects.
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(2);

    private Process? process;

    /// <summary>Throws what the token throws when it is cancelled; the program has ended by then.</summary>
    public async Task<GitCgiResult> RunAsync(
        HttpContext context, RepositoryName repository, GitService service, GitCaller caller, CancellationToken ct)
    {
        process = Process.Start(Prepare(context.Request, repository, service, caller))
            ?? throw new InvalidOperationException("git could not be started");
        var relay = RelayAsync(process, context, ct);
        await Task.WhenAny(relay, WhenCancelledAsync(ct));
        if (!relay.IsCompletedSuccessfully)
        {
            // A read from a program that says nothing does not end by a token. It ends with the program.
            await EndAsync(process);
        }

        try
        {
            var result = await relay;

            // What the program says when its input is cut off is no answer to the client.
            ct.ThrowIfCancellationRequested();
            return result;
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The relay was in the middle of a read from what has just been closed.
            throw new OperationCanceledException(e.Message, e, ct);
        }
    }

    public void Dispose() => process?.Dispose();

    private static async Task<GitCgiResult> RelayAsync(Process process, HttpContext context, CancellationToken ct)
    {
        var errors = ReadErrorsAsync(process);
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var input = CopyInputAsync(context.Request.Body, process.StandardInput.BaseStream, answered.Token);
        try
        {
            var output = PipeReader.Create(process.StandardOutput.BaseStream);
            var hasAnswer = await CgiResponse.ReadHeadersAsync(output, context.Response, ct);
            if (hasAnswer)
            {
                await output.CopyToAsync(context.Response.BodyWriter, ct);
            }

            await process.WaitForExitAsync(ct);
            return new GitCgiResult(hasAnswer, process.ExitCode, await errors);
        }
        finally
        {
            // Whatever the client still sends, nobody reads.
            await answered.CancelAsync();
            await input;
        }
    }

    private static async Task WhenCancelledAsync(CancellationToken ct)
    {
        var cancelled = new TaskCompletionSource();
        await using var registration = ct.UnsafeRegister(_ => cancelled.TrySetResult(), null);
        await cancelled.Task;
    }

    private ProcessStartInfo Prepare(HttpRequest request, RepositoryName repository, GitService service, GitCaller caller)
    {
        var start = GitEnvironment.Start(folder.EmptyHome, "http-backend");
        var environment = start.Environment;
        environment["GIT_PROJECT_ROOT"] = folder.Root;
        environment["GIT_HTTP_EXPORT_ALL"] = "1";
        environment["PATH_INFO"] = $"/{repository}.git/{service.Path}";
        environment["QUERY_STRING"] = service.Query;
        environment["REQUEST_METHOD"] = service.Method;
        environment["CONTENT_TYPE"] = service.ContentType;
        environment["REMOTE_USER"] = caller.Name;
        if (request.Headers["Git-Protocol"].ToString() is { Length: > 0 and < 100 } protocol && IsProtocol(protocol))
        {
            environment["GIT_PROTOCOL"] = protocol;
        }

        if (request.Headers.ContentEncoding == "gzip")
        {
            environment["HTTP_CONTENT_ENCODING"] = "gzip";
        }

        return start;
    }

    // Such as "version=2".
    private static bool IsProtocol(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '=' or ':' or '.' or '-');

    // Without a length the program reads to the end of its input, so the end must come.
    private static async Task CopyInputAsync(Stream body, Stream input, CancellationToken ct)
    {
        try
        {
            await body.CopyToAsync(input, ct);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client left, or the program has answered without reading on. Its answer, or its end, says what it made of that.
        }
        finally
        {
            await CloseAsync(input);
        }
    }

    private static async Task CloseAsync(Stream input)
    {
        try
        {
            await input.DisposeAsync();
        }
        catch (IOException)
        {
            // The program ended before it read what was buffered for it.
        }
    }

    private static async Task<string> ReadErrorsAsync(Process process)
    {
        var buffer = new char[1024];
        var text = new System.Text.StringBuilder();
        int read;
        while ((read = await process.StandardError.ReadAsync(buffer)) > 0)
        {
            // Read to the end, so that the program never waits; kept only as far as a log line goes.
            text.Append(buffer, 0, Math.Min(read, MaxErrorChars - text.Length));
        }

        return text.ToString().Trim();
    }

    private static async Task EndAsync(Process process)
    {
        process.StandardOutput.Close();
        using var patience = new CancellationTokenSource(TimeToEnd, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
    }
}

/// <summary>How a run ended. Without an answer, nothing was said to the client yet.</summary>
internal sealed record GitCgiResult(bool HasAnswer, int ExitCode, string Errors);
