namespace Flagstone.Platform.Identity;

/// <summary>On a request whose sign-in failed and whose protocol does not say so by status 401, as gRPC does not.</summary>
public sealed class SignInFailed
{
    public static readonly SignInFailed Instance = new();
}
