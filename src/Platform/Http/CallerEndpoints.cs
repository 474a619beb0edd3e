using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Platform.Http;

/// <summary>Guards endpoints.</summary>
public static class CallerEndpoints
{
    /// <summary>
    /// Answers 401 to who is not signed in. It stands around the endpoint, not in its filters: those run after the body was read, and a
    /// stranger's body is not.
    /// </summary>
    public static TBuilder RequireCaller<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint =>
        {
            var inner = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => GuardAsync(context, inner);
        });
        return builder;
    }

    private static async Task GuardAsync(HttpContext context, RequestDelegate inner)
    {
        // A cookie is tried after the token, once the console signs people in.
        var authenticator = context.RequestServices.GetRequiredService<Authenticator>();
        if (await authenticator.CallerAsync(context, context.RequestAborted) is not { } caller)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await (await authenticator.RefusalAsync(context, context.RequestAborted)).ToResult().ExecuteAsync(context);
            return;
        }

        context.Features.Set(new CallerContext(caller));
        await inner(context);
    }
}
