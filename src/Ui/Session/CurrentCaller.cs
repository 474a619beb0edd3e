using Flagstone.Platform.Identity;
using Microsoft.AspNetCore.Components.Authorization;

namespace Flagstone.Ui.Session;

/// <summary>Who looks at this page, asked anew for each read and each action.</summary>
public sealed class CurrentCaller(AuthenticationStateProvider state, TokenStore tokens)
{
    /// <summary>The caller, or null when the session has ended.</summary>
    public async ValueTask<Caller?> FindAsync(CancellationToken ct) =>
        await tokens.CallerAsync((await state.GetAuthenticationStateAsync()).User, ct);
}
