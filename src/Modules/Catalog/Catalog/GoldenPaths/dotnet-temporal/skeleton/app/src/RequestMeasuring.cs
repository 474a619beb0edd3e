using System.Diagnostics;

namespace Service;

/// <summary>Counts, times and logs each request, and keeps the cause of a failure from its caller.</summary>
public sealed partial class RequestMeasuring(RequestDelegate next, ServiceMetrics metrics, ILogger<RequestMeasuring> logger)
{
    // Only known values become labels: a caller must not be able to make new time series.
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    private static readonly string[] Probes = ["/healthz", "/readyz", "/metrics"];
    private static readonly string[] Routes = ["/", .. Probes];

    public async Task InvokeAsync(HttpContext context)
    {
        var started = Stopwatch.GetTimestamp();
        var (request, response) = (context.Request, context.Response);
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Request-Id"] = context.TraceIdentifier;
        try
        {
            await next(context);
        }
        catch (Exception e) when (!response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            LogFailed(e, context.TraceIdentifier, request.Path);
            response.StatusCode = StatusCodes.Status500InternalServerError;
            await response.WriteAsJsonAsync(new { error = "internal error", requestId = context.TraceIdentifier });
        }
        finally
        {
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            var path = request.Path.Value ?? "/";
            var status = context.RequestAborted.IsCancellationRequested ? StatusCodes.Status499ClientClosedRequest : response.StatusCode;
            var method = Array.Find(Methods, known => known == request.Method) ?? "other";
            metrics.Answered(method, Array.Find(Routes, known => known == path) ?? "unknown", status, seconds);
            LogAnswered(Probes.Contains(path) ? LogLevel.Debug : LogLevel.Information, context.TraceIdentifier, method, path, status, seconds);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} of {Path} failed")]
    private partial void LogFailed(Exception e, string requestId, string path);

    [LoggerMessage(Message = "Request {RequestId}: {Method} {Path} answered {Status} after {Seconds} s")]
    private partial void LogAnswered(LogLevel level, string requestId, string method, string path, int status, double seconds);
}
