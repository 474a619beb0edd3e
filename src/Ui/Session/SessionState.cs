using Flagstone.Platform.Identity;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.Extensions.Logging;

namespace Flagstone.Ui.Session;

/// <summary>Ends a circuit's session when its token is no longer good, also while nobody clicks.</summary>
internal sealed class SessionState(TokenStore tokens, ILoggerFactory loggers) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(30);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        await tokens.CallerAsync(authenticationState.User, cancellationToken) is not null;
}
