using Flagstone.Platform.Identity;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Http;

/// <summary>
/// Who sends this request. An endpoint that <see cref="CallerEndpoints.RequireCaller{TBuilder}"/> guards takes it as a parameter. It says
/// nothing of how the caller signed in, so that a cookie's principal fills it like a bearer token's.
/// </summary>
public sealed record CallerContext(Caller Caller)
{
    /// <summary>Found by the endpoint's parameter binding; the guard has set it before.</summary>
    public static ValueTask<CallerContext?> BindAsync(HttpContext context) => new(context.Features.Get<CallerContext>());
}
