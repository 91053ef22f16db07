using Charging.Server.Storage;
using Grpc.Core;

namespace Charging.Server.Operations;

/// <summary>Tells by which operator key a call is made.</summary>
internal sealed class SignIn(OperatorKeys keys, Restores restores, FailedSignIns failedSignIns)
{
    private const string NoKey = $"No valid operator key: put the content of {OperatorKeyFile.Name} in the server's data directory into CHARGECTL_KEY, or send it as 'authorization: Bearer …'.";
    private const string KeyOfBackup = $"No valid operator key. The store was restored from a backup, and until an admin accepts that only the key of {OperatorKeyFile.Name} in the server's data directory is valid: run 'chargectl restore accept' with that.";

    /// <summary>The key of a call.</summary>
    /// <exception cref="RpcException">UNAUTHENTICATED: it has none that is valid.</exception>
    public OperatorKey Insist(HttpContext http)
    {
        if (keys.Find(http.Request.Headers.Authorization.ToString()) is { } key)
            return key;
        failedSignIns.Add(http);
        throw Refusal.Of(StatusCode.Unauthenticated, restores.Pending is null ? NoKey : KeyOfBackup, Reasons.KeyInvalid);
    }
}
