using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Threading.RateLimiting;
using Flagstone.Platform;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;

namespace Flagstone.Host;

/// <summary>How much is taken from one sender; keys <c>Flagstone:Limits:...</c>.</summary>
internal sealed class RateLimitOptions
{
    public const string Section = PlatformOptions.Section + ":Limits";

    /// <summary>Sign-ins that may fail at once from one address (of IPv6, from one /64).</summary>
    [Range(1, 1_000_000)]
    public int FailedSignIns { get; init; } = 120;

    /// <summary>How many more each second.</summary>
    [Range(1, 1_000_000)]
    public int FailedSignInsPerSecond { get; init; } = 2;

    /// <summary>Changes by <c>/api/v1</c> that one principal may make at once.</summary>
    [Range(1, 1_000_000)]
    public int Changes { get; init; } = 2_000;

    /// <summary>How many more each second.</summary>
    [Range(1, 1_000_000)]
    public int ChangesPerSecond { get; init; } = 1_000;
}

/// <summary>
/// Bounds who guesses tokens and who changes things without pause. A good token is never refused for its address' sake. On the Kubernetes port
/// nothing is counted but failed sign-ins: its clients bound themselves, and each request there would pay.
/// </summary>
internal static class RateLimits
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public static void AddRateLimits(this WebApplicationBuilder builder)
    {
        var limits = builder.Configuration.GetSection(RateLimitOptions.Section).Get<RateLimitOptions>() ?? new RateLimitOptions();
        Validator.ValidateObject(limits, new ValidationContext(limits), validateAllProperties: true);
        builder.Services.AddSingleton(services => new FailedSignIns(limits, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
                context.Features.Get<CallerContext>() is { Caller.Actor.Id: var principal }
                    ? RateLimitPartition.GetTokenBucketLimiter(principal, _ => Bucket(limits.Changes, limits.ChangesPerSecond))
                    : RateLimitPartition.GetNoLimiter(""));
            limiter.OnRejected = (rejected, _) => new ValueTask(RefuseAsync(
                rejected.HttpContext, rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : Period, kubernetes: false));
        });
    }

    /// <summary>Stands before everything: what is refused here costs nothing more.</summary>
    public static void UseRateLimits(this WebApplication app, PlatformOptions options)
    {
        var failures = app.Services.GetRequiredService<FailedSignIns>();
        app.Use((context, next) => IsAttempt(context, options) ? WatchAsync(context, next, failures, options) : next(context));
        app.UseWhen(c => c.Connection.LocalPort == options.Port && IsChange(c.Request), changes =>
        {
            changes.Use(FindCallerAsync);
            changes.UseRateLimiter();
        });
    }

    internal static TokenBucketRateLimiterOptions Bucket(int atOnce, int perSecond) => new()
    {
        TokenLimit = atOnce, TokensPerPeriod = perSecond, ReplenishmentPeriod = Period, QueueLimit = 0,
    };

    private static async Task WatchAsync(HttpContext context, RequestDelegate next, FailedSignIns failures, PlatformOptions options)
    {
        var address = FailedSignIns.Key(context.Connection.RemoteIpAddress);
        if (failures.Wait(address) is { } wait && !await IsGoodAsync(context))
        {
            await RefuseAsync(context, wait, context.Connection.LocalPort == options.KubernetesPort);
            return;
        }

        await next(context);
        if (context.Response.StatusCode == StatusCodes.Status401Unauthorized || context.Features.Get<SignInFailed>() is not null)
        {
            failures.Count(address);
        }
    }

    /// <summary>What tries to sign in. Git asks without a token first, to be told how: that is none.</summary>
    private static bool IsAttempt(HttpContext context, PlatformOptions options)
    {
        var (request, port) = (context.Request, context.Connection.LocalPort);
        return port == options.KubernetesPort || port == options.TemporalPort
            || (port == options.Port
                && (request.Headers.Authorization.Count > 0
                    || request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
                    || (HttpMethods.IsPost(request.Method) && request.Path.StartsWithSegments("/sign-in", StringComparison.Ordinal))));
    }

    private static bool IsChange(HttpRequest request) =>
        request.Path.StartsWithSegments("/api/v1", StringComparison.Ordinal)
        && !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !HttpMethods.IsOptions(request.Method);

    private static async Task FindCallerAsync(HttpContext context, RequestDelegate next)
    {
        if (await context.RequestServices.GetRequiredService<Authenticator>().CallerAsync(context, context.RequestAborted) is { } caller)
        {
            context.Features.Set(new CallerContext(caller));
        }

        await next(context);
    }

    private static async Task<bool> IsGoodAsync(HttpContext context)
    {
        if (!AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization.ToString(), out var header) || header.Parameter is not { } sent)
        {
            return false;
        }

        var text = header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? Password(sent) : sent;
        return await context.RequestServices.GetRequiredService<TokenStore>().FindForWorkflowsAsync(text.Trim(), context.RequestAborted) is not null;
    }

    /// <summary>Git sends the token as the password of any user.</summary>
    private static string Password(string basic)
    {
        Span<byte> bytes = new byte[basic.Length];
        return Convert.TryFromBase64String(basic, bytes, out var written) && Encoding.UTF8.GetString(bytes[..written]) is var pair
            ? pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..]
            : "";
    }

    private static Task RefuseAsync(HttpContext context, TimeSpan wait, bool kubernetes)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var problem = Catalogue.TooMany(seconds);
        return kubernetes
            ? PlatformModule.KubernetesProblemAsync(context.Response, problem, context.RequestAborted)
            : problem.ToResult().ExecuteAsync(context);
    }
}

/// <summary>Counts sign-ins that failed, by address. Asking whether an address must wait reads one dictionary, which is empty as a rule.</summary>
internal sealed class FailedSignIns(RateLimitOptions limits, TimeProvider clock) : IDisposable
{
    /// <summary>More addresses than this are an attack from everywhere; the first ones are let go of.</summary>
    private const int MaxWaiting = 10_000;

    private readonly ConcurrentDictionary<IPAddress, DateTimeOffset> waiting = [];

    private readonly PartitionedRateLimiter<IPAddress> failures = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address =>
        RateLimitPartition.GetTokenBucketLimiter(address, _ => RateLimits.Bucket(limits.FailedSignIns, limits.FailedSignInsPerSecond)));

    /// <summary>How long an address must wait, or null when it need not.</summary>
    public TimeSpan? Wait(IPAddress address)
    {
        if (!waiting.TryGetValue(address, out var until))
        {
            return null;
        }

        var left = until - clock.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        waiting.TryRemove(address, out _);
        return null;
    }

    public void Count(IPAddress address)
    {
        using var lease = failures.AttemptAcquire(address);
        if (lease.IsAcquired)
        {
            return;
        }

        if (waiting.Count >= MaxWaiting)
        {
            waiting.Clear();
        }

        waiting[address] = clock.GetUtcNow() + (lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1));
    }

    /// <summary>Whoever has one IPv6 address has its whole /64.</summary>
    public static IPAddress Key(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    public void Dispose() => failures.Dispose();
}
